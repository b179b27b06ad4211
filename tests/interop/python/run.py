# SPDX-License-Identifier: Apache-2.0
"""Does one task with one library, in a process of its own: as node/run.mjs does, for Python."""
import importlib
import json
import sys


def main():
    task = json.load(sys.stdin)
    library = importlib.import_module(task["library"].replace("/", ".").replace("-", "_"))
    try:
        said = {"ok": library.do(task)}
    except library.REFUSALS as error:
        said = {"refused": library.refused(error)}
    print(json.dumps(said))


main()
