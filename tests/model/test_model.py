# SPDX-License-Identifier: Apache-2.0
"""Spin on the real C of core/: every order of moves, up to the bounds stated here, and the twins in which it finds one that
must not be."""

import glob
import os
import re
import subprocess

import pytest

from harness import paths

HERE = os.path.join(paths.ROOT, "tests", "model")
# Model: the moves it must have made at least once, and what one search may cost.
MOVES = {"dma": 15, "gather": 6, "route": 13}
MEMORY_MIB = 8000
STATES = re.compile(r"^\s*([\d.e+]+) states, stored", re.M)


def search(model, folder, defines=()):
    """One exhaustive search. Returns (what it found or "", states); fails if the search was not complete."""
    with open(os.path.join(HERE, model + ".pml"), encoding="utf-8") as file:
        text = file.read()
    with open(os.path.join(folder, model + ".pml"), "w", encoding="utf-8") as file:
        file.write(text)
    run(["spin", "-a", model + ".pml"], folder)
    flags = ["-O2", "-w", "-DSAFETY", "-DNOFAIR", "-DVECTORSZ=8192", f"-DMEMLIM={MEMORY_MIB}"]
    flags += [f"-I{HERE}", f"-I{paths.ROOT}", f"-I{paths.ROOT}/include", *(f"-D{d}" for d in defines)]
    core = sorted(glob.glob(f"{paths.ROOT}/core/*.c"))
    run(["gcc", *flags, "pan.c", f"{HERE}/{model}_model.c", *core, "-o", "pan"], folder)
    done = run(["./pan", "-m200000", "-n", "-E"], folder)
    print(done)
    if "errors: 0" in done:
        assert "Search not completed" not in done and "out of memory" not in done and "max search depth" not in done
        made = re.search(r"^model: (\d+) kinds of moves$", done, re.M)
        assert made and int(made[1]) == MOVES[model], "a search says nothing about moves that were never made"
    else:
        assert "assertion violated" in done or "model: " in done, "the search ended for another reason"
    found = re.search(r"^model: (?!\d+ kinds)(.*)$", done, re.M)
    return (found[1] if found else ""), float(STATES.search(done)[1])


def run(words, folder):
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def bounds(buffers, fences):
    return (f"BUFFER_GENERATIONS={buffers}", f"FENCE_GENERATIONS={fences}")


def test_g3_no_order_of_complete_revoke_death_and_reuse_breaks_ownership(tmp_path):
    """Two clients, a fence of two buffers, a device that answers late and twice, resets, quarantine, deaths in flight."""
    found, states = search("dma", tmp_path, bounds(2, 2))
    assert found == "" and states > 500_000


@pytest.mark.long
@pytest.mark.parametrize("buffers, fences", ((2, 1), (2, 3), (3, 1)))
def test_g3_the_same_at_other_bounds(buffers, fences, tmp_path):
    found, _ = search("dma", tmp_path, bounds(buffers, fences))
    assert found == ""


@pytest.mark.parametrize(
    "twin, generations, says",
    (
        ("TN_TWIN_TICKET", (2, 2), ""),
        ("TN_TWIN_MARK", (2, 2), "an old name of a buffer works"),
        ("TN_TWIN_SUBMIT", (2, 2), "an old name of a buffer works"),
        ("TN_TWIN_GENERATION", (2, 2), "an old name of a fence works"),
        ("TN_TWIN_WRAP", (2, 1), "an old name of a fence works"),
        ("TN_TWIN_ORPHAN", (2, 2), "what a dead client left has a name"),
        ("TN_TWIN_REVOKE", (2, 2), "a pool is taken from under a device"),
    ),
)
def test_twin_g3_an_order_that_breaks_ownership_is_found(twin, generations, says, tmp_path):
    found, _ = search("dma", tmp_path, (twin, *bounds(*generations)))
    assert found != "" and says in found


def test_g8_nothing_goes_back_before_the_flush_that_covers_it(tmp_path):
    """Five ends in two places, two flushes at once, late, in either order, repeated, invented."""
    found, states = search("gather", tmp_path)
    assert found == "" and states > 500


def test_twin_g8_an_end_that_goes_back_too_early_is_found(tmp_path):
    found, _ = search("gather", tmp_path, ("TN_TWIN_FLUSH",))
    assert "before the flush that covers it" in found


def test_g7_no_order_of_raise_revoke_drain_and_rebind_wakes_the_wrong_driver(tmp_path):
    """Three tenures of two drivers; an interrupt held back in the source, on its way, requested or in service at each step."""
    found, states = search("route", tmp_path)
    assert found == "" and states > 1_000


@pytest.mark.parametrize("twin", ("TN_TWIN_ROUTE", "TN_TWIN_DRAIN"))
def test_twin_g7_a_driver_that_is_woken_for_another_is_found(twin, tmp_path):
    found, _ = search("route", tmp_path, (twin,))
    assert "from before" in found
