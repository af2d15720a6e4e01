# SPDX-License-Identifier: Apache-2.0
"""The long run remembers what has passed, for as long as what it tests stays the same."""

import dataclasses
import glob
import os
import re
import shutil
import sys
import time

import pytest

from harness import paths  # noqa: F401  (the tools' path)

import prove_depends
import prove_functions
import prove_seeds
import runlong


@pytest.fixture
def tree(folder, monkeypatch):
    """A tree with one file in each place that tests depend on."""
    places = {place for group in runlong.DEPENDS.values() for place in group} | {"tests/own", "build"}
    for place in places:
        path = os.path.join(folder, place)
        name = path if path.endswith((".py", ".h", ".toml")) else os.path.join(path, "some.c")
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "w", encoding="utf-8") as file:
            file.write(place)
    for name in runlong.IMAGES:
        with open(os.path.join(folder, "build", name), "w", encoding="utf-8") as file:
            file.write(name)
    monkeypatch.chdir(folder)
    yield folder
    runlong.digest.cache_clear()


TESTS = {"model": "model/test_model.py::test_b", "fuzz": "fuzz/test_f.py::test_c",
         "smoke": "smoke/test_s.py::test_d", "else": "own/test_e.py::test_f"}  # fmt: skip

# file -> the tests that run again when it changes
TOUCHES = {
    "core/some.c": set(TESTS),
    "include/tenure/abi/ring.h": {"model", "fuzz"},  # of the machine's tests the images tell
    "include/some.c": {"fuzz"},
    "tests/property/some.c": {"fuzz", "else"},
    "tests/smoke/some.c": {"smoke", "else"},
    "tests/manifests/some.c": {"smoke", "else"},
    "tests/markers.toml": {"smoke", "else"},
    "tests/own/some.c": {"else"},
    "kernel/pci/some.c": {"fuzz"},
    "build/tenure.elf": {"smoke", "else"},
    "build/initrd.cpio": {"smoke", "else"},
}


def test_core_sees_no_other_headers_than_the_record_knows():
    seen = set()
    for folder in ("core", "tests/model"):
        for path in glob.glob(f"{paths.ROOT}/{folder}/**/*.[ch]", recursive=True):
            with open(path, encoding="utf-8") as file:
                seen |= set(re.findall(r"#include <(tenure/[^>]+)>", file.read()))
    assert {f"include/{name}" for name in seen} == set(runlong.HEADERS)
    for path in runlong.HEADERS:
        with open(os.path.join(paths.ROOT, path), encoding="utf-8") as file:
            assert "#include <tenure/" not in file.read()


def test_an_entry_that_is_too_old_does_not_stand_before_one_that_counts():
    wanted = {"a": "new", "b": "new", "c": "new"}
    record = {"a": ["new", "1s", "then"], "b": ["old", "1s", "then"]}
    state = {"a": ["old", "2s", "before"], "b": ["new", "2s", "before"], "c": ["old", "2s", "before"]}
    assert {**runlong.believed(wanted, record), **runlong.believed(wanted, state)} == {"a": record["a"], "b": state["b"]}


def digests():
    runlong.digest.cache_clear()
    return {name: runlong.digest_of(test, "build") for name, test in TESTS.items()}


@pytest.mark.parametrize("path", TOUCHES)
def test_a_change_runs_again_what_it_can_have_touched(path, tree):
    before = digests()
    assert digests() == before
    with open(path, "a", encoding="utf-8") as file:
        file.write("changed")
    after = digests()
    assert {name for name in TESTS if before[name] != after[name]} == TOUCHES[path]


PROVE = "prove/test_prove.py::"
PROOFS = {"scratch": "test_every_goal_is_proved_from_scratch[route]", "cached": "test_every_goal_of_the_core_is_proved[route]", "part": "test_no_contract_contradicts_itself[buffer-2]",
          "ring": "test_every_goal_is_proved_from_scratch[ring]", "seed": "test_a_seeded_bug_breaks_a_proof[sum_that_wraps]", "lemmas": "test_every_lemma_is_proved"}  # fmt: skip

# (file, what is left of it, what stands there then) -> the proofs that are asked for again
PROOF_TOUCHES = [
    ("core/route.c", "", "changed", {"scratch", "cached", "lemmas"}),
    ("core/route.h", "", "changed", {"scratch", "cached", "lemmas"}),
    ("core/slot.h", "", "changed", {"scratch", "cached", "lemmas"}),
    ("core/ledger.h", "", "changed", {"seed", "lemmas"}),
    ("include/tenure/abi/handle.h", "", "changed", {"scratch", "cached", "part", "lemmas"}),
    ("tests/prove/cache.txt", "route\t", "route\tanother", {"cached"}),
    ("tools/prove.py", "", "changed", set(PROOFS)),
    ("tests/prove/test_prove.py", "", "changed", set(PROOFS)),
]


def proof_digests():
    return {name: prove_depends.digest(PROVE + test) for name, test in PROOFS.items()}


@pytest.mark.parametrize("path, old, new, touched", PROOF_TOUCHES, ids=[row[0] for row in PROOF_TOUCHES])
def test_a_change_asks_again_for_the_proofs_that_see_it(path, old, new, touched, folder, monkeypatch):
    for place in ("core", "include", "tests/prove"):
        shutil.copytree(os.path.join(paths.ROOT, place), os.path.join(folder, place))
    os.makedirs(os.path.join(folder, "tools"))
    shutil.copy(os.path.join(paths.TOOLS, "prove.py"), os.path.join(folder, "tools"))
    monkeypatch.chdir(folder)
    before = proof_digests()
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new, 1) if old else text + new)
    after = proof_digests()
    assert {name for name in PROOFS if before[name] != after[name]} == touched


def test_what_is_asked_of_a_unit_or_seed_is_part_of_it(monkeypatch):
    monkeypatch.chdir(paths.ROOT)
    before = proof_digests()
    monkeypatch.setitem(prove_functions.UNITS, "ring", (prove_functions.UNITS["ring"][0], ["distance"]))
    monkeypatch.setitem(prove_functions.SMOKE_PARTS, "buffer", 3)
    seed = prove_seeds.SEEDS["sum_that_wraps"]
    monkeypatch.setitem(prove_seeds.SEEDS, "sum_that_wraps", dataclasses.replace(seed, new="another"))
    after = proof_digests()
    assert {name for name in PROOFS if before[name] != after[name]} == {"ring", "part", "seed"}


def test_what_has_passed_is_kept_and_an_old_or_broken_state_is_not_believed(folder):
    path = os.path.join(folder, "state.json")
    assert runlong.load(path) == {}
    state = {"b": ["digest", "2s", "2026-11-23T00:16Z"], "a[with a space]": ["other", "10s", "2026-11-23T00:17Z"]}
    runlong.save(path, state)
    assert runlong.load(path) == state
    for broken in ('{"a": ["digest", 1.5]}', "digest 2s 2026-11-23T00:16Z a", runlong.HEAD + "\ndigest 2s\n", ""):
        with open(path, "w", encoding="utf-8") as file:
            file.write(broken)
        assert runlong.load(path) == {}


def run_main(monkeypatch, tests, outcome, *arguments):
    """What it printed first, and which tests it has run."""
    ran = []

    def run_one(test, _environment):
        ran.append(test)
        return outcome, 1.0, ""

    monkeypatch.setattr(runlong, "collect", lambda _environment: sorted(tests))
    monkeypatch.setattr(runlong, "run_one", run_one)
    monkeypatch.setattr(sys, "argv", ["runlong.py", *arguments])
    runlong.digest.cache_clear()
    status = runlong.main()
    return status, set(ran)


def test_a_record_counts_elsewhere_for_as_long_as_the_tree_is_the_same(tree, monkeypatch):
    tests = set(TESTS.values())
    assert run_main(monkeypatch, tests, True, "--record", "record.json") == (0, tests)
    os.remove("build/" + runlong.STATE)  # somewhere else
    assert run_main(monkeypatch, tests, True, "--record", "record.json") == (0, set())
    assert run_main(monkeypatch, tests, True) == (0, tests)  # who does not ask for it runs everything
    os.remove("build/" + runlong.STATE)
    with open("tests/smoke/some.c", "a", encoding="utf-8") as file:
        file.write("changed")
    status, ran = run_main(monkeypatch, tests, False, "--record", "record.json")
    touched = {TESTS["smoke"], TESTS["else"]}
    assert status == 1 and ran == touched
    assert set(runlong.load("record.json")) == tests - touched  # what no longer holds is not kept


def lives(pid):
    """Not so of one that is dead and that nobody has asked about."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_a_test_that_is_late_has_started_ends_with_it(folder, monkeypatch):
    script = os.path.join(folder, "late.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write("import subprocess, time\nprint(subprocess.Popen(['sleep', '300']).pid, flush=True)\ntime.sleep(300)\n")
    children = os.path.join(folder, "children")
    monkeypatch.setattr(runlong, "PYTEST", ["sh", "-c", f"exec {sys.executable} {script} > {children}"])
    monkeypatch.setattr(runlong, "LIMIT", 2)
    passed, seconds, output = runlong.run_one("any", dict(os.environ))
    assert not passed and seconds < 30 and output == "not finished within 2 s"
    with open(children, encoding="utf-8") as file:
        child = int(file.read())
    for _ in range(50):
        if not lives(child):
            return
        time.sleep(0.1)
    raise AssertionError("it goes on")
