# SPDX-License-Identifier: Apache-2.0
"""Pages of the documentation as scripts: what a reader types, in order, in one shell.

Fenced blocks:
  ```sh       commands
  ```console  commands after "$ ", and between them what they print
  ```text     what the block before printed (only with `like the output`)
  ```yaml, ```ini, ```nginx, ```haproxy    a file (with `file`), or an example that nobody runs
Comments directly before a block, invisible to readers, one in a line:
  file: PATH           write the block to this file
  add: PATH            add it to the end of this file
  expect: TEXT         the block's output has this text
  exit: N              its last command ends with N
  like the output[: COMMAND]
                       compare with what the block before printed, or COMMAND prints here: … stands for anything, and
                       any reference, time or secret for another
  any order            of the lines that are compared
  background: TEXT     run it as in another terminal, go on when it printed TEXT, end it at the page's end
  paste: WORD          before it, take the lines of the background block that begin with WORD, as the reader does
  wait: PORT           after a command that ends with &, wait for this port
  needs: PROGRAM       only in the test with this program, skipped without it
  not run              only shown
A comment `prepare:` of several lines has commands that put the machine into the reader's state, where that is not
the page's subject (a certificate there is, a disk that is full).
"""
import os
import pathlib
import re
import shlex

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = ("sh", "console")
FILES = ("yaml", "ini", "nginx", "haproxy", "text")
WORDS = ("file", "add", "expect", "exit", "background", "paste", "wait", "needs", "like the output", "any order", "not run")
# Names that a reader copies from an output into a later command.
COPIED = {r"\b[a-z2-7]{26}\b": "REF", r"(?<![\w-])[\w-]{43}(?![\w-])": "KID", r"\b[a-z0-9]{12}\b": "CREDENTIAL"}
# What differs from run to run, and says nothing.
VARYING = {
    r"eyJ[\w-]+\.[\w-]+\.[\w-]+": "JWT",
    r"jcs_\w+": "SECRET",
    r"jat_[\w-]{43}": "OPAQUE",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z": "TIME",
    r"\d{4}-\d\d-\d\d \d\d:\d\dZ": "TIME",
    r"\((now|\d+ (s|min) ago|in \d+ (s|min))\)": "(ABOUT NOW)",
    r"\b\d+ (s|min) ago": "AGO",
    r"\b[0-9a-f]{64}\b": "HASH",
    **COPIED,
}


class Block:
    def __init__(self, page, line, language, text, notes):
        self.page, self.line, self.language, self.text, self.notes = page, line, language, text, notes
        self.where = f"{page.name}:{line}"

    def note(self, word):
        return next((value for name, value in self.notes if name == word), None)

    def all(self, word):
        return [value for name, value in self.notes if name == word]


class Page:
    """The blocks of a file in order; kind `prepare` for comments with commands."""

    def __init__(self, name):
        self.name = name
        self.blocks, notes = [], []
        lines = (ROOT / name).read_text().splitlines()
        i = 0
        while i < len(lines):
            line = lines[i].strip()
            if line.startswith("<!-- prepare:"):
                end = next(k for k in range(i, len(lines)) if "-->" in lines[k])
                text = "\n".join([line.removeprefix("<!-- prepare:"), *lines[i + 1:end + 1]]).replace("-->", "")
                self.blocks.append(Block(self, i + 1, "prepare", text, notes))
                i, notes = end, []
            elif m := re.fullmatch(r"<!-- (.*) -->", line):
                word, _, value = m[1].partition(": ")
                if word not in WORDS:
                    raise ValueError(f"{name}:{i + 1}: nobody knows the comment \"{word}\"")
                notes = [*notes, (word, value)]
            elif line.startswith("```"):
                end = next(k for k in range(i + 1, len(lines)) if lines[k].strip() == "```")
                self.blocks.append(Block(self, i + 1, line[3:], "\n".join(lines[i + 1:end]), notes))
                i, notes = end, []
            elif line and notes:
                raise ValueError(f"{name}:{i + 1}: a comment for a block stands before a paragraph")
            i += 1

    def programs(self):
        """Those that some of its blocks need."""
        return sorted({b.note("needs") for b in self.blocks if b.note("needs")})

    def only(self, program):
        return [b for b in self.blocks if b.note("needs") in (None, program)]

    def is_about_the_machine(self):
        return any(p in b.text for b in self.blocks for p in ("/etc/", "/var/", "/usr/local", "sudo", "systemctl"))


def split_console(text):
    """[(command, what it prints)] of a console block."""
    pairs, more = [], False
    for line in text.splitlines():
        if line.startswith("$ "):
            pairs.append(([line[2:]], []))
        elif more:
            pairs[-1][0].append(line)
        else:
            pairs[-1][1].append(line)
        more = (line.startswith("$ ") or more) and line.endswith("\\")
    return [("\n".join(c), "\n".join(p)) for c, p in pairs]


def copied(command, shown):
    """The command with what it copies from an earlier output taken from the real one. shown: [(text, file)]."""
    for pattern in COPIED:
        for name in set(re.findall(pattern, command)):
            for text, file in reversed(shown):
                names = re.findall(pattern, text)
                if name in names:
                    at = names.index(name)
                    back = "…" in text[:text.index(name)]  # what is left out before it is not counted
                    command = command.replace(name, f"$(copy {at - len(names) if back else at + 1} {shlex.quote(pattern)} {file})")
                    break
    return command


def commands(block, out, shown):
    """What is typed. shown: what the page has shown so far; grows."""
    if block.language != "console":
        return copied(block.text, shown)
    typed = []
    for command, prints in split_console(block.text):
        typed += [copied(command, shown), f"fresh_line {out}"]
        if block.note("any order") is not None:
            continue  # which is which cannot be told
        before = [text for text, file in shown if file == out]
        shown[:] = [s for s in shown if s[1] != out] + [("\n".join([*before, prints]), out)]
    return "\n".join(typed)


def printed(block):
    """What a console block says is printed."""
    return "\n".join(prints for _, prints in split_console(block.text) if prints)


def script(blocks, out):
    """One bash program; block number n prints into the file out/n."""
    lines = ["set -euo pipefail", "shopt -s expand_aliases"]
    last_background, shown = None, []
    for n, b in enumerate(blocks):
        if b.language in FILES and (b.note("file") or b.note("add")):
            target, how = (b.note("file"), ">") if b.note("file") else (b.note("add"), ">>")
            lines.append(f"echo {n} >{out}/at; mkdir -p {shlex.quote(os.path.dirname(target))}; cat {out}/{n}.block {how}{shlex.quote(target)}")
        if b.note("like the output"):
            lines.append(f"echo {n} >{out}/at; {{ {b.note('like the output')}; }} >{out}/{n}.out 2>&1")
        if b.language not in (*COMMANDS, "prepare") or b.note("not run") is not None:
            continue
        text = commands(b, f"{out}/{n}.out", shown)
        if b.note("wait"):
            text = re.sub(r"&$", f"& await_port {b.note('wait')}", text, flags=re.M)
        (pathlib.Path(out) / f"{n}.sh").write_text(text + "\n")
        lines.append(f"echo {n} >{out}/at")
        if b.note("background") is not None:
            lines.append(f"( exec >{out}/{n}.out 2>&1; . {out}/{n}.sh ) & await_text {out}/{n}.out {shlex.quote(b.note('background'))}")
            last_background = n
            continue
        if b.note("paste"):
            lines.append(f"eval \"$(grep '^ *{b.note('paste')} ' {out}/{last_background}.out)\"")
        lines.append(f"exec >{out}/{n}.out 2>&1")
        if b.note("exit"):
            lines.append(f"set +e; . {out}/{n}.sh; code=$?; set -e; [ $code = {b.note('exit')} ] || "
                         f"{{ echo \"ended with $code, not {b.note('exit')}\"; exit 1; }}")
        else:
            lines.append(f". {out}/{n}.sh")
    return "\n".join([*lines, "no_reports", f"echo done >{out}/at", ""])


def normal(text):
    for pattern, word in VARYING.items():
        text = re.sub(pattern, word, text)
    return text


def is_like(shown, real, any_order=False):
    """The shown output is the real one, but for blanks, what varies, and what … stands for (alone in a line: lines)."""
    if any_order:
        return is_like("\n".join(sorted(normal(shown).split("\n"))), "\n".join(sorted(normal(real).strip("\n").split("\n"))))
    pattern = ""
    for line in shown.strip().splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
            continue
        words = [".*?".join(re.escape(normal(part)) for part in w.split("…")) if w != "…" else ".*?" for w in normal(line).split()]
        pattern += r"[ \t]*" + r"[ \t]*".join(words) + r"[ \t]*\n"
    return re.fullmatch(pattern, normal(real).strip("\n") + "\n") is not None
