# SPDX-License-Identifier: Apache-2.0
"""The bugs that must each break a proof (tools/prove_seeds.py), under the fuzzer and the property test: found there too, as
those of core_builds.py are, but for the few that no sequence of operations can show."""

import pytest
from test_fuzz_core import fuzz_harness, is_found, property_harness, shared  # noqa: F401  (fixtures)

import prove_seeds
from harness import core_builds

# seed -> why no sequence of operations can show it.
UNSEEN = {
    "covers_what_came_later": "what was added after the flush began carries no mark, so the next check refuses it as well",
}
BUGS = [core_builds.Bug(name, s.file, s.old, s.new) for name, s in prove_seeds.SEEDS.items() if name not in UNSEEN]


def test_whoever_is_excused_is_a_seed():
    assert set(UNSEEN) < set(prove_seeds.SEEDS)


@pytest.mark.long
@pytest.mark.parametrize("bug", BUGS, ids=lambda b: b.name)
def test_twin_g3_every_bug_that_breaks_a_proof_is_found(bug, folder, fuzz_harness, property_harness):  # noqa: F811
    is_found(folder, bug, fuzz_harness, property_harness)
