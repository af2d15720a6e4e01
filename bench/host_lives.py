# SPDX-License-Identifier: Apache-2.0
"""libtenure beside DPDK, on this machine, in one run: nanoseconds and instructions of one buffer's life, and how many of nine
mistakes each notices. The machine is noisy, so the two take turns and the best of each counts; instructions are callgrind's.
"""

import os
import re
import subprocess
import tempfile

LIVES = 4_000_000
TURNS = 9
COUNTED = (6400, 12800)  # what instructions are counted over: the difference leaves out what is paid once
# name -> (program, way, lives of one turn)
FIGURES = {
    "life.inflight32": ("tenure-lives", "inflight32", LIVES),
    "dpdk.life.inflight32": ("dpdk-lives", "inflight32", LIVES),
    "life.bulk32": ("tenure-lives", "bulk32", LIVES),
    "dpdk.life.bulk32": ("dpdk-lives", "bulk32", LIVES),
    "life.scrub2k": ("tenure-lives", "scrub", LIVES // 4),
    "life.mprotect": ("tenure-lives", "mprotect", LIVES // 100),
}
MISTAKES = {
    "mistakes.caught": ("tenure-mistakes", "guarded"),
    "mistakes.caught.plain": ("tenure-mistakes", "plain"),
    "dpdk.mistakes.caught": ("dpdk-mistakes", ""),
}


def run(words):
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def nanoseconds(folder, names):
    best = {}
    for _ in range(TURNS):
        for name in names:
            program, way, lives = FIGURES[name]
            value = float(run([os.path.join(folder, program), way, str(lives)]))
            best[name] = min(value, best.get(name, value))
    return best


def instructions(folder, name):
    program, way, _ = FIGURES[name]
    counts = []
    with tempfile.TemporaryDirectory() as scratch:
        for lives in COUNTED:
            out = os.path.join(scratch, "out")
            run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", os.path.join(folder, program), way, str(lives)])
            with open(out, encoding="utf-8") as file:
                counts.append(int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M)[1]))
    return round((counts[1] - counts[0]) / (COUNTED[1] - COUNTED[0]), 1)


def mistakes(folder, name):
    program, argument = MISTAKES[name]
    lines = run([os.path.join(folder, program), argument]).splitlines()
    assert len(lines) == 9, lines
    return [line.split()[1] for line in lines if line.startswith("caught")], [line.split()[1] for line in lines if line.startswith("missed")]


def measure(build, only):
    """(name, value, unit, parts) of each figure whose name contains `only`."""
    folder = os.path.join(build, "bench")
    names = [name for name in FIGURES if only in name or only in name + ".instr"]
    for name, value in nanoseconds(folder, [n for n in names if only in n]).items():
        yield name, round(value, 2), "ns", {"turns": TURNS, "lives": FIGURES[name][2]}
    for name in names:
        if name != "life.mprotect":  # system calls: instructions say nothing of it
            yield name + ".instr", instructions(folder, name), "instr", {"between": COUNTED[0], "and": COUNTED[1]}
    for name in MISTAKES:
        if only in name:
            caught, missed = mistakes(folder, name)
            yield name, len(caught), "of 9", {"missed": ",".join(missed) or "none"}
