#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `make tcb` does: counts the lines that everything trusts, the kernel's and core's: C and assembly, without blank
lines and comments. Contracts of core/ are comments. Prints `name value unit`, then each folder."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUFFIXES = (".c", ".h", ".S")
# only in kernels for tests
LEFT_OUT = re.compile(r"kernel/diag/provoke")


def code_lines(text):
    """Lines of a C or assembly file that hold more than blanks and comments."""
    without = re.sub(r'"(?:\\.|[^"\\])*"|/\*.*?\*/|//[^\n]*', lambda m: '""' if m[0][0] == '"' else "\n" * m[0].count("\n"), text, flags=re.S)
    return sum(1 for line in without.splitlines() if line.strip())


def count(top, root=ROOT):
    """Folder -> lines below root/top."""
    found = {}
    for folder, folders, names in os.walk(os.path.join(root, top)):
        folders.sort()
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root)
            if name.endswith(SUFFIXES) and not LEFT_OUT.match(path):
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    found[os.path.dirname(path)] = found.get(os.path.dirname(path), 0) + code_lines(file.read())
    return found


def main():
    for top in ("kernel", "core"):
        folders = count(top)
        print(f"tcb.{top}.lines {sum(folders.values())} lines")
        for folder, lines in folders.items():
            print(f"#   {folder} {lines}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
