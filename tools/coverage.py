#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which lines and branches of core/ the host tests run: `make coverage`. Unit tests of core/, the property test and the
fuzzer's corpus are built with clang's counters, run, and added up. Every region, and both outcomes of every branch, must
have been met; what cannot be is named in EXCLUDED with its reason, and an exclusion that is not needed is an error too.
"""

import argparse
import glob
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLANG, PROFDATA, COV = "clang", "llvm-profdata", "llvm-cov"
COUNTERS = ["-fprofile-instr-generate", "-fcoverage-mapping"]
FLAGS = ["-std=gnu17", "-O1", "-g", f"-I{ROOT}", f"-I{ROOT}/include"]
UNIT = ("test_slot", "test_ledger", "test_cap", "test_dma_buffer", "test_dma_direct", "test_dma_fence", "test_dma_scatter")
UNIT += ("test_dma_slices", "test_dma_submit", "test_dma_wait", "test_gather", "test_ring", "test_route", "test_machines")
UNIT += ("test_core_arguments", "test_buffer_arguments", "test_fence_arguments")

RUNS = (["--seed", "1", "--runs", "5000"], ["--corpus", f"{ROOT}/tests/fuzz/corpus.txt"])  # of the property test

# (file, text of the line, what of it is never met: "line", "true" or "false", why it cannot be met)
NO_REFUSAL = "return status != TN_OK ? status : TN_ESTATE;"
WHY = "a refusal is never TN_OK; the compiler does not see that, and keeps the caller's check if one does not say it"
EXCLUDED = (
    ("core/dma_direct.h", NO_REFUSAL, "false", WHY),
    ("core/dma_direct.h", NO_REFUSAL, "line", WHY),
    ("core/dma_alloc.h", NO_REFUSAL, "false", WHY),
    ("core/dma_alloc.h", NO_REFUSAL, "line", WHY),
)


def run(words, **more):
    done = subprocess.run(words, capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"coverage: {' '.join(words)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def measure(folder):
    """Runs everything; returns what llvm-cov has to say, as a dict."""
    os.makedirs(folder, exist_ok=True)
    core = []
    for source in sorted(glob.glob(f"{ROOT}/core/*.c")):
        core.append(os.path.join(folder, os.path.basename(source) + ".o"))
        run([CLANG, *FLAGS, *COUNTERS, "-c", source, "-o", core[-1]])
    jobs = [(name, [f"{ROOT}/tests/unit/{name}.c"], ["-lcmocka"], [[]]) for name in UNIT]
    jobs.append(("property", sorted(glob.glob(f"{ROOT}/tests/property/*.c")), [], RUNS))
    profiles, programs = [], []
    for name, sources, libraries, arguments in jobs:
        programs.append(os.path.join(folder, name))
        run([CLANG, *FLAGS, "-w", *COUNTERS, *sources, *core, *libraries, "-o", programs[-1]])
        for n, words in enumerate(arguments):
            profiles.append(os.path.join(folder, f"{name}-{n}.profraw"))
            run([programs[-1], *words], env={**os.environ, "LLVM_PROFILE_FILE": profiles[-1], "TENURE_SEED": "1"})
    merged = os.path.join(folder, "all.profdata")
    run([PROFDATA, "merge", "-o", merged, *profiles])
    objects = [word for program in programs[1:] for word in ("-object", program)]
    return json.loads(run([COV, "export", f"-instr-profile={merged}", programs[0], *objects]))


def unmet(report):
    """(lines, branches, {(file, line, what)}) : how much there is, and what was never met."""
    lines, branches, missed = 0, 0, set()
    for file in report["data"][0]["files"]:
        name = os.path.relpath(file["filename"], ROOT)
        if not name.startswith("core/"): # the inline functions of the ABI are not ours to judge
            continue
        lines += file["summary"]["lines"]["count"]
        # Inline functions of a header stand in several objects: met once is met.
        outcomes = {}
        for first, column, _, _, true, false, _, _, _ in file["branches"]:
            seen = outcomes.setdefault((first, column), [0, 0])
            seen[0] += true
            seen[1] += false
        branches += 2 * len(outcomes)
        for (first, _), (true, false) in outcomes.items():
            missed |= {(name, first, what) for what, count in (("true", true), ("false", false)) if count == 0}
        for line, _, count, has_count, is_entry, is_gap in file["segments"]:
            if has_count and is_entry and not is_gap and count == 0:
                missed.add((name, line, "line"))
    return lines, branches, missed


def text_of(name, line):
    """The line, without what a comment says after it."""
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return re.sub(r"\s+", " ", re.sub(r"/\*.*", "", file.read().split("\n")[line - 1])).strip()


def judge(missed):
    """Sentences about what is wrong."""
    found = {(name, text_of(name, line), what): line for name, line, what in missed}
    allowed = {(file, text, what) for file, text, what, _ in EXCLUDED}
    wrong = [f"{n}:{line}: never met: {what}: {text}" for (n, text, what), line in sorted(found.items()) if (n, text, what) not in allowed]
    wrong += [f"EXCLUDED names {row}, which is met or gone" for row in sorted(allowed - set(found))]
    return wrong


def main():
    parser = argparse.ArgumentParser(description="coverage of core/ by the host tests; fails below 100 %%")
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    lines, branches, missed = unmet(measure(os.path.join(options.build, "coverage")))
    wrong = judge(missed)
    for sentence in wrong:
        print(sentence)
    never = len([m for m in missed if m[2] == "line"]), len([m for m in missed if m[2] != "line"])
    print(f"core: {lines} lines, {branches} branch outcomes; never met: {never[0]} regions, {never[1]} outcomes; excluded: {len(EXCLUDED)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
