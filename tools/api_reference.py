#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints docs/libtenure-api.md from the docstrings of libtenure's headers (`make docs`): every comment that stands right
before a public declaration, and the declaration. What is for the header's own use alone stands below a line that says so
and is left out. A function without a docstring is an error.
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADERS = ("dma_pool.h", "tenure.h", "batch.h", "box.h")
FOLDER = "host/lib/include/tenure"
HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Written by `make docs` from the headers. -->
# libtenure: every function and type

What the library is for and how one begins: [libtenure.md](libtenure.md). What the compiler checks: [ownership-in-c.md](ownership-in-c.md).
"""
SECTION = re.compile(r"/\* ---- (.*?) ---- \*/$")
INSIDE = "what the short way leaves"  # a section for the inline functions alone
HIDDEN = re.compile(r"#define (TN_NOTHROW|TN_ENDS_WITH|TN_FRESH|TN_VERSION_\w+|TENURE_\w+_H)\b")
NOISE = re.compile(
    r"\b(TN_OWN_INLINE|TN_OWN_TOKEN|TN_NOTHROW|TN_FRESH)\b ?|\bTN_ENDS_WITH\(\w+\)|TN_OWN_(TAKES|IF_TRUE|IF_FALSE|NEEDS|GIVES)\(\w+\)"
)


def words_of(comment):
    """The text of a comment: paragraphs apart, indented lines as they are."""
    lines = [re.sub(r"^ ?\*/?( |$)", "", line.removeprefix("/*")).removesuffix("*/").rstrip() for line in comment]
    paragraphs = "\n".join(lines).strip().split("\n\n")
    return "\n\n".join(p if p.startswith("    ") else re.sub(r"\s*\n\s*", " ", p) for p in paragraphs)


def chunks(lines):
    """The header cut into comments, preprocessor lines, declarations and blank lines: (kind, lines)."""
    at = 0
    while at < len(lines):
        first = lines[at]
        if first.startswith("/*"):
            kind, ends = "comment", lambda line: line.endswith("*/")
        elif first.startswith("#"):
            kind, ends = "macro", lambda line: not line.endswith("\\")
        elif first in ("", 'extern "C" {', "}"):
            kind, ends = "blank", lambda line: True
        elif re.match(r"(struct|enum) (TN_OWN_TOKEN )?\w+ \{$", first):
            kind, ends = "type", lambda line: line == "};"
        else:
            kind, ends = "code", lambda line: line.endswith(";") or line == "}"
        end = at
        while not ends(lines[end]):
            end += 1
        if kind == "code" and "{" in lines[at : end + 1]:  # the body of an inline function, declared above
            end = lines.index("}", at)
            kind = "body"
        yield kind, lines[at : end + 1]
        at = end + 1


def plain(kind, lines):
    """A declaration without the words for checkers; None for what no user needs."""
    if kind == "type":
        return NOISE.sub("", "\n".join(lines))
    if kind == "macro":
        found = re.match(r"#define (TN_\w+(?:\([^)]*\))?)", lines[0])
        return found[1] if found and not HIDDEN.match(lines[0]) else None
    text = re.sub(r"\s+", " ", NOISE.sub("", " ".join(lines))).strip().replace(" ;", ";")
    return text


def entries(header):
    """(section, None) and (words, declarations), in the header's order."""
    with open(os.path.join(ROOT, FOLDER, header), encoding="utf-8") as file:
        lines = file.read().splitlines()[1:]
    words, found, hidden, seen = None, [], False, set()
    for kind, chunk in chunks(lines):
        section = SECTION.match(chunk[0])
        if section and kind == "comment":
            hidden = INSIDE in section[1]
            found += [] if hidden else [(section[1], None)]
        elif kind == "comment":
            words = words_of(chunk)
            found.append((words, []))
        elif kind == "blank":
            words = None
        elif kind != "body" and not hidden and (text := plain(kind, chunk)):
            if text in seen:  # an attribute needs the function it names to be declared before
                continue
            seen.add(text)
            if words is None:
                found.append((None, []))
                words = ""
            found[-1][1].append(text)
    return found


def reference(header):
    head, *rest = entries(header)
    out = [f"\n## {header}\n\n{head[0]}\n"]
    for words, declarations in rest:
        if declarations is None:
            out.append(f"\n### {words[0].upper()}{words[1:]}\n")
        elif declarations and words:
            code = "\n".join(declarations)
            out.append(f"\n```c\n{code}\n```\n\n{words}\n")
    return "".join(out)


def undocumented():
    """Declarations that stand below no comment."""
    missing = []
    for header in HEADERS:
        for words, declarations in entries(header):
            if words is None and declarations:
                missing += [f"{header}: no docstring: {d}" for d in declarations]
    return missing


def whole():
    return HEAD + "".join(reference(header) for header in HEADERS)


def main():
    missing = undocumented()
    for line in missing:
        print(line, file=sys.stderr)
    print(whole(), end="")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
