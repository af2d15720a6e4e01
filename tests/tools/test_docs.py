# SPDX-License-Identifier: Apache-2.0
"""What the docs draw is what the code does."""

import glob
import os
import shutil
import subprocess

from harness import paths

DRAWN = os.path.join(paths.ROOT, "docs", "state-machines.md")


def drawing(root, folder):
    """What `make docs` would write for the core/ under `root`."""
    program = os.path.join(folder, "draw")
    sources = [f"{paths.TOOLS}/draw_machines.c", *sorted(glob.glob(f"{root}/core/*.c"))]
    subprocess.run(["gcc", "-std=gnu17", "-w", f"-I{root}", f"-I{paths.ROOT}/include", *sources, "-o", program], check=True)
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout


def drawn():
    with open(DRAWN, encoding="utf-8") as file:
        return file.read()


def test_the_drawings_are_those_of_the_tables(folder):
    assert drawing(paths.ROOT, folder) == drawn(), "make docs writes docs/state-machines.md anew"


def test_a_table_with_one_row_less_is_another_drawing(folder):
    shutil.copytree(os.path.join(paths.ROOT, "core"), os.path.join(folder, "core"))
    path = os.path.join(folder, "core", "machine.h")
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    row = next(i for i, line in enumerate(lines) if "MOVE(TN_BUFFER_CPU, TN_BUFFER_IN_FLIGHT" in line)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines[:row] + lines[row + 1 :])
    assert drawing(folder, folder) != drawn()
