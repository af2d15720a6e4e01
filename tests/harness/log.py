# SPDX-License-Identifier: Apache-2.0
"""The serial log as the kernel's contract has it: `[    0.123456] text`, and `[    0.123456] NAME: text` from processes."""

import re
from dataclasses import dataclass

LINE = re.compile(r"^\[ {0,4}(\d{1,9})\.(\d{6})\] (.*)$")
KERNEL = "kernel"


@dataclass(frozen=True)
class Line:
    raw: str
    seconds: float | None  # None: the line does not keep the contract
    text: str


def parse(raw):
    match = LINE.match(raw)
    if not match:
        return Line(raw, None, raw)
    return Line(raw, int(match[1]) + int(match[2]) / 1e6, match[3])


def search(lines, regex):
    """The first match of `regex` in the text of a line, or None."""
    return next((m for m in (re.search(regex, line.text) for line in lines) if m), None)


def fields(text):
    """The k=v words of a line."""
    return dict(word.split("=", 1) for word in text.split() if "=" in word)
