# SPDX-License-Identifier: Apache-2.0
"""Negative twins of every decision of core/, in the machine: a kernel in which one of them says yes to everything must not
get through a boot. Two things notice: the kernel's own question at boot (kernel/cap/core_check.c) and, for what a
process can provoke, the programs that try it."""

import os

import pytest

from harness import accept, archive, disks, machine, markers, paths
from harness.disks import MiB

import qemu

DECISIONS = accept.decisions()
SAMPLE = ("tn_complete_decide", "tn_cap_check")
# What a process can provoke today, so that programs notice it as well. The others refuse only what the kernel never asks:
# an object that is gone under its entry, generations that are used up, a fence that has ended already.
PROVOKED = (
    "tn_cap_lookup",
    "tn_pool_move",
    "tn_buffer_alloc_decide",
    "tn_submit_decide",
    "tn_complete_decide",
    "tn_ledger_decide",
    "tn_ledger_charge",
    "tn_ring_pending",
    "tn_ring_reserve_decide",
)


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    return disks.Image(str(tmp_path_factory.mktemp("disk")), MiB)


def boot(kernel, disk, folder):
    """Everything that is wrong with a run of the default manifest on this kernel, as sentences."""
    scratch = disks.scratch(folder, MiB)
    m = machine.start(archive.build(folder), disks=[disk.disk(), scratch.disk(read_only=False)], kernel=kernel)
    try:
        status = m.wait_end()
    except machine.MachineTimeout as timeout:
        return [str(timeout)]
    ended = [] if status == qemu.EXIT_SUCCESS else [f"the machine ended with {status}"]
    return ended + markers.problems(m.lines, "read")


def test_the_kernel_of_the_release_gets_through(disk, folder):
    assert boot(paths.KERNEL, disk, folder) == []


def is_noticed(decision, disk, folder):
    problems = boot(accept.kernel(decision, folder), disk, folder)
    assert problems, f"no test in the machine notices that {decision} accepts everything"
    if decision in PROVOKED:
        inner = os.path.join(folder, "silent")
        os.mkdir(inner)
        problems = boot(accept.kernel(decision, inner, silent=True), disk, inner)
        seen = [p for p in problems if "core decisions" not in p]
        assert seen, f"no program notices that {decision} accepts everything"


@pytest.mark.parametrize("decision", SAMPLE)
def test_twin_g3_a_sample_of_decisions_that_accept_is_noticed(decision, disk, folder):
    is_noticed(decision, disk, folder)


@pytest.mark.long
@pytest.mark.parametrize("decision", DECISIONS)
def test_twin_g3_every_decision_that_accepts_is_noticed(decision, disk, folder):
    is_noticed(decision, disk, folder)


def test_the_decisions_are_found_in_the_headers():
    assert len(DECISIONS) >= 14 and {*SAMPLE, *PROVOKED} <= set(DECISIONS)
