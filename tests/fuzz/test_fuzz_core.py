# SPDX-License-Identifier: Apache-2.0
"""libFuzzer on sequences of operations on the core, against the oracle of tests/property: nothing found in the core as it
is, and every bug that is seeded found within ten seconds, from nothing. The property test must find each of them too.
"""

import glob
import os
import re
import resource
import subprocess

import pytest

from harness import core_builds, paths

SECONDS = 10
PATIENCE = 6 # times as long by the clock, on a machine with other work
CORPUS = os.path.join(paths.ROOT, "tests", "fuzz", "corpus.txt")
BUGS = core_builds.bugs()
LONG_SECONDS = 180
# In `make test`: one bug of each kind; the whole table is swept by `make test-long`.
SAMPLE = ("TN_TWIN_MARK", "take_does_not_refund", "direct_in_any_state")


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    return str(tmp_path_factory.mktemp("core"))


@pytest.fixture(scope="session")
def fuzz_harness(shared):
    return core_builds.fuzz_harness(shared)


@pytest.fixture(scope="session")
def property_harness(shared):
    return core_builds.property_harness(shared)


def unpack_corpus(folder):
    corpus = os.path.join(folder, "corpus")
    os.makedirs(corpus)
    with open(CORPUS, encoding="ascii") as file:
        lines = [line for line in file.read().split("\n") if line and not line.startswith("#")]
    for n, line in enumerate(lines):
        with open(os.path.join(corpus, f"{n:04}"), "wb") as file:
            file.write(bytes.fromhex(line))
    return corpus


def fuzz(program, folder, seconds, *corpus, before=None):
    """(exit status, output)"""
    words = [program, "-seed=1", "-max_len=512", f"-max_total_time={seconds}", "-timeout=5", "-print_final_stats=1"]
    words += [f"-artifact_prefix={folder}/", *corpus]
    done = subprocess.run(
        words, capture_output=True, text=True, errors="replace", timeout=seconds + 60, preexec_fn=before
    )
    return done.returncode, done.stderr


def whole_core(folder, harness):
    """The core of the tree, with the checks of a debug build; a copy, so that no object lands in the tree."""
    root = core_builds.copy_with(core_builds.Bug("TN_TWIN_NONE"), folder)
    return core_builds.fuzzer(folder, root, harness, ["-DTN_DEBUG=1"])


def finding(folder, output):
    """What the oracle said, and the input, which is a line for corpus.txt: the folder does not outlive the run for long."""
    said = [line for line in output.split("\n") if line.startswith("oracle:")]
    inputs = []
    for path in sorted(glob.glob(f"{folder}/crash-*")):
        with open(path, "rb") as file:
            inputs.append(file.read().hex())
    return "\n".join(said + inputs)


def no_finding(folder, harness, seconds):
    status, output = fuzz(whole_core(folder, harness), folder, seconds, unpack_corpus(folder))
    assert status == 0, f"{finding(folder, output)}\n{output[-3000:]}"
    runs = int(re.search(r"stat::number_of_executed_units:\s+(\d+)", output)[1])
    assert runs > 1000 * seconds, f"{runs} sequences only: the fuzzer hardly ran"


def test_g3_the_fuzzer_finds_nothing_in_ten_seconds(folder, fuzz_harness):
    no_finding(folder, fuzz_harness, SECONDS)


@pytest.mark.long
def test_g3_the_fuzzer_finds_nothing_in_minutes(folder, fuzz_harness):
    no_finding(folder, fuzz_harness, LONG_SECONDS)


def search(program, folder):
    """As fuzz, for SECONDS of a processor's time, however many share it. Nothing found: the kernel ends it."""
    limit = (SECONDS, SECONDS)
    return fuzz(program, folder, PATIENCE * SECONDS, before=lambda: resource.setrlimit(resource.RLIMIT_CPU, limit))


def is_found(folder, bug, fuzz_harness, property_harness):
    root = core_builds.copy_with(bug, folder)
    defines, inline = core_builds.defines_of(bug), core_builds.is_inline(bug)
    status, output = search(core_builds.fuzzer(folder, root, fuzz_harness, ["-w", *defines], inline), folder)
    finding = core_builds.FINDING.search(output)
    assert status != 0 and finding, f"the fuzzer did not find {bug.name} within {SECONDS} s:\n{output[-1500:]}"
    program = core_builds.property_program(folder, root, property_harness, defines, inline)
    done = subprocess.run([program, "--twin", "--seed", "1"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"the property test did not find {bug.name}:\n{done.stdout[-1500:]}"
    steps = int(re.search(r"# shortest sequence found, (\d+) operations:", done.stdout)[1])
    print(f"{bug.name}: {finding[0]}; shortest sequence {steps} operations")
    assert steps <= 40, f"{steps} operations are left: that is hardly shrunk\n{done.stdout[-3000:]}"


@pytest.mark.parametrize("bug", [b for b in BUGS if b.name in SAMPLE], ids=lambda b: b.name)
def test_twin_g3_a_sample_of_seeded_bugs_is_found(bug, folder, fuzz_harness, property_harness):
    is_found(folder, bug, fuzz_harness, property_harness)


@pytest.mark.long
@pytest.mark.parametrize("bug", BUGS, ids=lambda b: b.name)
def test_twin_g3_every_seeded_bug_is_found(bug, folder, fuzz_harness, property_harness):
    is_found(folder, bug, fuzz_harness, property_harness)


def test_the_switches_of_the_core_are_all_in_the_table():
    names = [b.name for b in BUGS]
    assert len(names) == len(set(names)) and len([b for b in BUGS if b.switch]) >= 16
    assert set(SAMPLE) <= set(names)


def test_every_edit_still_changes_the_core(folder):
    for bug in core_builds.EDITS:
        core_builds.copy_with(bug, folder)
