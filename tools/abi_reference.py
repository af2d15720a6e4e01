#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints docs/abi.md (`make docs`): what kernel and programs agree on, from include/tenure/abi/ and from the kernel's
table of operations. An operation that no comment tells of is an error.
"""

import os
import re
import sys

import api_reference

ROOT = api_reference.ROOT
FOLDER = "include/tenure/abi"
HEADERS = ("ring.h", "handle.h", "start.h", "status.h", "blk.h", "edu.h", "audit.h", "manifest.h")
TABLE = "kernel/cap/operation.c"
HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Written by `make docs` from the headers and the kernel's table of operations. -->
# The ABI: every operation, record and number

Programs use the libraries in `user/lib/` and `tenure/dma.h` ([writing-a-driver.md](writing-a-driver.md)); this is what travels below them. Kernel and programs
are built from one tree: numbers may change from commit to commit. What refuses what, for all operations alike: TN_EINVAL (no such operation, unknown flags, a handle
where none belongs), TN_ESTALE (the handle, or its object, or its owner is of another time), TN_EKIND, TN_ERIGHTS; then what each says below.
"""
OPERATION = re.compile(r"    (TN_OP_(\w+)) = (\d+),")
ROW = re.compile(r"\[(TN_OP_\w+)\] = \{\w+, TN_KIND_(\w+), ([^,]+), (\w+), \w+\}")
WHEN = {"POST_RESULT": "at once", "POSTS_LATER": "when it is done", "POSTS_ITSELF": "never"}
PROVER = re.compile(r"/\*@.*?\*/\n", re.S)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def operations():
    """Of each operation, as the header has them: (name, number, words)."""
    body = re.search(r"enum tn_op \{\n(.*?)\n\};", read(f"{FOLDER}/ring.h"), re.S)[1]
    words, lines = "", body.splitlines()
    at = 0
    while at < len(lines):
        if lines[at].strip().startswith("/*"):
            end = next(i for i in range(at, len(lines)) if lines[i].endswith("*/"))
            words, at = api_reference.words_of([line.strip() for line in lines[at : end + 1]]), end
        elif found := OPERATION.match(lines[at]):
            yield found[1], int(found[3]), words
            words = ""
        at += 1


def needs():
    """{operation: what it needs, and when it is answered}, from the kernel's table."""
    rows = {}
    for name, kind, rights, outcome in ROW.findall(read(TABLE)):
        rights = " and ".join(re.findall(r"TN_RIGHT_(\w+)", rights)).lower()
        of = {"NONE": "no handle", "COUNT": "a Device or a Channel"}.get(kind, "".join(w.title() for w in kind.split("_")))
        rows[name] = f"{of}{f', right to {rights}' if rights else ''}; answered {WHEN[outcome]}"
    rows["TN_OP_SUBMIT"] = "Channel, right to read or write; answered by its fence"
    return rows


def undocumented():
    """Operations without words whose name does not say it all, and those that the kernel does not have."""
    table, found = needs(), list(operations())
    known = re.compile(r"TN_OP_(NOP|\w+_RELEASE)$")
    return [name for name, _, words in found if not words and not known.match(name)] + [
        name for name, _, _ in found if name not in table
    ]


def declarations(header):
    """The header without what only compilers and provers need, and without the operations, which stand above."""
    text = PROVER.sub("", read(f"{FOLDER}/{header}"))
    text = re.sub(r"enum tn_op \{.*?\n\};\n\n", "", text, flags=re.S)
    lines = text.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("#define TENURE_"))
    kept = [line for line in lines[begin + 1 : -1] if not line.startswith(("#include", "static_assert"))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def subject(header):
    comment = re.search(r"/\*\n.*?\*/", read(f"{FOLDER}/{header}"), re.S)
    return api_reference.words_of(comment[0].splitlines())


def whole():
    out = [HEAD, "\n## Operations\n"]
    table = needs()
    for name, number, words in operations():
        out.append(f"\n### {name} ({number})\n\nNeeds {table.get(name, '?')}.\n")
        out += [f"\n{words}\n"] if words else []
    for header in HEADERS:
        out.append(f"\n## tenure/abi/{header}\n\n{subject(header)}\n\n```c\n{declarations(header)}\n```\n")
    return "".join(out)


def main():
    missing = undocumented()
    for name in missing:
        print(f"{FOLDER}/ring.h: {name}: no words, or not in {TABLE}", file=sys.stderr)
    print(whole(), end="")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
