# SPDX-License-Identifier: Apache-2.0
"""The proofs of core/ hold (from the answers under version control), and, in the long run, they hold from scratch, their
contracts do not contradict themselves, and each seeded bug breaks one.
"""

import os
import subprocess

import pytest

from harness import paths

import prove_functions
import prove_seeds


def prove(*arguments):
    command = [paths.PYTHON, os.path.join(paths.TOOLS, "prove.py"), "--build", paths.BUILD, *arguments]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    print(done.stdout, done.stderr)
    return done


@pytest.mark.long  # minutes, even from the cache
@pytest.mark.parametrize("unit", prove_functions.UNITS)
def test_every_goal_of_the_core_is_proved(unit):
    done = prove("--unit", unit)
    assert done.returncode == 0
    proved, _, goals = done.stdout.splitlines()[-1].split()[:3]
    assert proved == goals and int(goals) > 0


@pytest.mark.long
def test_a_seeded_bug_leaves_a_goal_unproved():
    """The proof can fail. All the others are in the long run."""
    done = prove("--seeded", "sum_that_wraps")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", prove_seeds.SEEDS)
def test_each_seed_still_fits_the_source(name, tmp_path):
    seed = prove_seeds.SEEDS[name]
    assert seed.function in prove_functions.UNITS[seed.unit][1]
    with open(os.path.join(paths.ROOT, "core", seed.file), encoding="utf-8") as file:
        assert seed.old in file.read()


@pytest.mark.long
@pytest.mark.parametrize("unit", prove_functions.UNITS)
def test_every_goal_is_proved_from_scratch(unit):
    assert prove("--from-scratch", "--unit", unit).returncode == 0


@pytest.mark.long
@pytest.mark.parametrize("unit", prove_functions.UNITS)
def test_no_contract_contradicts_itself(unit):
    assert prove("--smoke", "--unit", unit).returncode == 0


@pytest.mark.long
@pytest.mark.parametrize("unit", prove_functions.UNITS)
def test_a_planted_contradiction_is_found(unit):
    """The negative twin of the smoke tests."""
    assert prove("--smoke", "--planted", "--unit", unit).returncode == 0


@pytest.mark.long
@pytest.mark.parametrize("name", prove_seeds.SEEDS)
def test_a_seeded_bug_breaks_a_proof(name):
    assert prove("--seeded", name, "--timeout", "20").returncode == 0
