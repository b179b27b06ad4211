# SPDX-License-Identifier: Apache-2.0
"""Reads callgrind's output: instructions of each function, itself and with all that it calls."""
import collections
import re


def _name(text, names):
    m = re.match(r"\((\d+)\)(?: (.*))?$", text)
    if m is None:
        return text
    if m[2]:
        names[m[1]] = m[2]
    return names[m[1]]


def read(path):
    """Two counters by function name. A recursive function counts its inner calls again in the second."""
    names, own, whole = {}, collections.Counter(), collections.Counter()
    function, call = None, False
    with open(path) as f:
        for line in f:
            line = line.rstrip("\n")
            if line.startswith("fn="):
                function = _name(line[3:], names)
            elif line.startswith("cfn="):
                _name(line[4:], names)
            elif line.startswith("calls="):
                call = True
            elif function and line[:1] in "0123456789+-*" and len(f_ := line.split()) >= 2:
                whole[function] += int(f_[1])
                if not call:
                    own[function] += int(f_[1])
                call = False
    return own, whole
