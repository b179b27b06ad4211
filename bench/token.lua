-- SPDX-License-Identifier: Apache-2.0
-- wrk: one token request again and again; client, secret and resource from the environment.
wrk.method = "POST"
wrk.path = "/token"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = "grant_type=client_credentials&client_id=" .. os.getenv("BENCH_ID") ..
    "&client_secret=" .. os.getenv("BENCH_SECRET") .. "&resource=" .. os.getenv("BENCH_RESOURCE")

local bad = 0
function response(status)
    if status ~= 200 then
        bad = bad + 1
        if bad == 1 then io.stderr:write("bench: answered " .. status .. "\n") end
    end
end
