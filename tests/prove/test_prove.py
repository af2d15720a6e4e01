# SPDX-License-Identifier: Apache-2.0
"""The proofs of core/ hold (from the answers under version control), and, in the long run, they hold from scratch, their
contracts do not contradict themselves, and each seeded bug breaks one.
"""

import os
import subprocess

import pytest

from harness import paths

import prove as prove_tool
import prove_functions
import prove_lemmas
import prove_seeds


def prove(*arguments):
    command = [paths.PYTHON, os.path.join(paths.TOOLS, "prove.py"), "--build", paths.BUILD, *arguments]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    print(done.stdout, done.stderr)
    return done


def test_nothing_of_core_is_outside_the_proof_without_a_reason(monkeypatch):
    monkeypatch.chdir(paths.ROOT)
    assert prove_tool.problems_of_the_source() == []
    monkeypatch.delitem(prove_functions.UNITS, "ring")
    assert any("distance is in no unit" in line for line in prove_tool.problems_of_the_source())


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


def test_a_goal_that_takes_long_without_the_bug_as_well_is_not_broken_by_it(monkeypatch):
    asked = []

    def clean(_unit, _root, _folder, _extra, timeout, _only):
        asked.append(timeout)
        return 0, "[wp] [CVC4 1.8.0] Goal typed_f_ensures_part7 : Timeout (Qed:1ms) (5s)\n"

    monkeypatch.setattr(prove_tool, "frama_c", clean)
    seed = prove_seeds.SEEDS["sum_that_wraps"]
    late = "[wp] [CVC4 1.8.0] Goal typed_{} : Timeout (Qed:1ms) (20s)\n"
    both = late.format("f_ensures_part2") + late.format("f_loop_part1")
    assert prove_tool.broken_by(seed, late.format("f_ensures_part2"), "", 20) == []
    assert prove_tool.broken_by(seed, both, "", 20) == ["typed_f_loop_part1"]
    assert asked == [5, 5]
    unknown = "[wp] [CVC4 1.8.0] Goal typed_f_ensures_part2 : Unknown\n"
    assert prove_tool.broken_by(seed, unknown, "", 20) == ["typed_f_ensures_part2"] and asked == [5, 5]


def smoke_parts():
    for unit in prove_functions.UNITS:
        parts = prove_functions.SMOKE_PARTS.get(unit, 1)
        for part in range(1, parts + 1):
            yield pytest.param(unit, str(part), str(parts), id=unit if parts == 1 else f"{unit}-{part}")


@pytest.mark.long
@pytest.mark.parametrize("unit, part, parts", smoke_parts())
def test_no_contract_contradicts_itself(unit, part, parts):
    assert prove("--smoke", "--unit", unit, "--part", part, parts).returncode == 0


def test_a_branch_that_is_dead_on_purpose_is_the_only_one():
    """What tools/prove.py makes of what WP says."""
    told = ["typed_tn_direct_submit_decide_wp_smoke_dead_code_s303"]
    names = ["tn_direct_submit_decide", "tn_direct_is"]
    assert prove_tool.contradictions(told, names) == prove_tool.contradictions(told * 2, names) == []
    assert len(prove_tool.contradictions([], names)) == 1
    twice = [*told, "typed_tn_direct_submit_decide_wp_smoke_dead_code_s304"]
    assert prove_tool.contradictions(twice, names) == twice[1:]
    other = ["typed_tn_direct_is_wp_smoke_dead_code_s1", "typed_tn_direct_submit_decide_wp_smoke_default_requires"]
    assert prove_tool.contradictions([*told, *other], names) == other


@pytest.mark.long
@pytest.mark.parametrize("unit", prove_functions.UNITS)
def test_a_planted_contradiction_is_found(unit):
    """The negative twin of the smoke tests."""
    assert prove("--smoke", "--planted", "--unit", unit).returncode == 0


@pytest.mark.long
@pytest.mark.parametrize("name", prove_seeds.SEEDS)
def test_a_seeded_bug_breaks_a_proof(name):
    assert prove("--seeded", name, "--timeout", "20").returncode == 0


@pytest.mark.long
def test_every_lemma_is_proved():
    """What the goals of functions take as it stands."""
    assert prove("--lemmas").returncode == 0


@pytest.mark.long
@pytest.mark.parametrize("name", prove_lemmas.SEEDS)
def test_a_lemma_that_is_made_false_is_found(name):
    assert prove("--lemmas", "--seeded", name, "--timeout", "15").returncode == 0


def test_the_help_for_lemmas_fits_the_source(monkeypatch):
    monkeypatch.chdir(paths.ROOT)
    known = prove_lemmas.files_with_lemmas()
    names = [name for of_file in known.values() for name in of_file]
    assert len(names) == len(set(names)) >= 34 and set(prove_lemmas.HELP) <= set(names)
    for name, lemma, old, _ in prove_lemmas.SEEDS.values():
        with open(os.path.join("core", name), encoding="utf-8") as file:
            text = file.read()
        assert lemma in known[name] and old in text, lemma
