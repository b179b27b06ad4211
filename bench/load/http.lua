-- SPDX-License-Identifier: Apache-2.0
-- What the load scripts share: the bytes of a POST, and the report at the end as one line of JSON.
local http = {}

-- The body's length is that of `body`; the caller may put other bytes of the same length in its place.
function http.head(body)
    local lines = {
        "POST " .. os.getenv("BENCH_PATH") .. " HTTP/1.1",
        "Host: " .. os.getenv("BENCH_HOST"),
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Length: " .. #body,
    }
    local authorization = os.getenv("BENCH_AUTHORIZATION") or ""
    if authorization ~= "" then lines[#lines + 1] = "Authorization: " .. authorization end
    if os.getenv("BENCH_CLOSE") then lines[#lines + 1] = "Connection: close" end
    return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

function http.body()
    return os.getenv("BENCH_BODY")
end

-- `bad` are answers that are not 2xx or 3xx; `failed` are connections.
function done(summary, latency)
    local e = summary.errors
    io.write(string.format('BENCH {"requests": %d, "seconds": %.6f, "p50_ms": %.4f, "p99_ms": %.4f, "bad": %d, "failed": %d, "late": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        e.status, e.connect + e.read + e.write, e.timeout))
end

return http
