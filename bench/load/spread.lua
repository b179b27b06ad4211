-- SPDX-License-Identifier: Apache-2.0
-- wrk: spread over BENCH_CLIENTS clients, in no order; the client's number is in the body where it has the word HERE.
local http = dofile(os.getenv("BENCH_LOAD") .. "/http.lua")
local clients = tonumber(os.getenv("BENCH_CLIENTS"))
local before, after = http.body():match("^(.*)HERE(.*)$")
local digits = "%07d"
before = http.head(before .. digits:format(0) .. after) .. before
math.randomseed(1)

function request()
    return before .. digits:format(math.random(0, clients - 1)) .. after
end
