-- SPDX-License-Identifier: Apache-2.0
-- wrk: the same request again and again.
local http = dofile(os.getenv("BENCH_LOAD") .. "/http.lua")
local text = http.head(http.body()) .. http.body()

function request()
    return text
end
