#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a JSON file into a C array of its bytes, without the blanks. Usage: embed.py IN.json OUT.c"""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    data = json.dumps(json.load(f), ensure_ascii=False, separators=(",", ":")).encode()
rows = [", ".join(map(str, data[i:i + 24])) for i in range(0, len(data), 24)]
with open(sys.argv[2], "w", encoding="ascii") as f:
    f.write('/* Made by api/embed.py. */\n#include "server/admin/openapi.h"\n\n')
    f.write("const uint8_t jt_openapi_json[] = {\n    " + ",\n    ".join(rows) + ",\n};\n")
    f.write("const size_t jt_openapi_json_n = sizeof jt_openapi_json;\n")
