-- SPDX-License-Identifier: Apache-2.0
-- wrk: the lines of a file in turn, from line BENCH_FIRST on, each in the body where it has the word HERE. All are of one length.
local http = dofile(os.getenv("BENCH_LOAD") .. "/http.lua")
local lines, n = {}, 0
for line in io.lines(os.getenv("BENCH_LINES")) do
    n = n + 1
    lines[n] = line
    assert(#line == #lines[1], "lines of different lengths")
end
local before, after = http.body():match("^(.*)HERE(.*)$")
before = http.head(before .. lines[1] .. after) .. before
local at = tonumber(os.getenv("BENCH_FIRST") or "0")

function request()
    at = at % n + 1
    return before .. lines[at] .. after
end
