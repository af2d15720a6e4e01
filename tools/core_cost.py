# SPDX-License-Identifier: Apache-2.0
"""Instructions of each operation of core/, counted by callgrind between the marks of bench/core_life.c. For the bench
(`life.core.instr`, `life.queue.instr`) and for the test that no operation depends on the size of its table."""

import glob
import os
import re
import subprocess
import tempfile

# The parts of a buffer's life, in order, on the direct path and through a queue; the others are counted for the test alone.
DIRECT = ("direct_alloc", "direct_submit", "direct_complete", "direct_release")
QUEUE = ("alloc", "submit", "post", "complete", "take", "release")


def dumps(folder):
    """(name, instructions) of each dump, in the order of the run."""
    found = []
    for path in glob.glob(f"{folder}/out.*"):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        name = re.search(r"^desc: Trigger: Client Request: (\w+)$", text, re.M)
        part = re.search(r"^part: (\d+)$", text, re.M)
        total = re.search(r"^(?:summary|totals): (\d+)", text, re.M)
        if name and part and total:
            found.append((int(part[1]), name[1], int(total[1])))
    return [(name, total) for _, name, total in sorted(found)]


def measure(program, slots):
    """Operation -> instructions, the marks themselves taken off, with `slots` slots in each table."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, str(slots)]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        last = dict(dumps(folder))
    if "nothing" not in last:
        raise RuntimeError(f"callgrind wrote no marks for {program}")
    return {name: total - last["nothing"] for name, total in last.items() if name != "nothing"}
