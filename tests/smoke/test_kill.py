# SPDX-License-Identifier: Apache-2.0
"""A driver that is killed again and again while a client writes, reads and flushes at depth 32 (G11, G2): each incarnation a
little later, at its calls or at its instructions. The client checks every word; the disk is judged from outside."""

import os
import re
import subprocess

import pytest

from harness import archive, churn, disks, machine, messages, paths, volatile
from harness.disks import MiB

import qemu


def run(folder, words, kernel=paths.CHECKED, timeout=60, port=()):
    """(machine, status, path of the disk)"""
    disk = disks.scratch(folder, MiB)
    place = {"bus": "above", "addr": "0"} if port else {}
    m, status = machine.run(
        archive.build(folder, ["churn"]),
        f"manifest=churn {words}",
        [disk.disk(read_only=False, **qemu.OBEYS, **place)],
        extra=[*qemu.IOMMU, *port],
        kernel=kernel,
        timeout=timeout,
    )
    return m, status, disk.path


def judge(m, status, path, least):
    """All is right after at least so many kills."""
    kills = len(m.find_all(messages.DRIVER_KILLED))
    assert kills >= least, f"{kills} kills: too few to show anything"
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    acked = churn.said(m, "acked")
    assert len(acked) >= 60
    assert churn.wrong(path, acked) == []
    ended = m.find(messages.CHURN_OK)
    assert int(ended["writes"]) == sum(acked.values())
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"
    m.find(messages.CHARGES_AT_END)
    return kills


WITHOUT = {}


def pages_without_kills(folder):
    if not WITHOUT:
        m, status, path = run(folder, "")
        assert status == qemu.EXIT_SUCCESS
        WITHOUT["free"] = m.find(messages.PAGES_AT_END)["free"]
    return WITHOUT["free"]


KILLS = {"entry,1,1": (1000, 40), "entry,100,1": (8000, 10), "insn,1,997,0": (300, 40), "insn,1,61,112": (8000, 10)}


@pytest.mark.parametrize("kill", KILLS)
def test_g11_no_acknowledged_write_is_lost(kill, folder):
    ops, least = KILLS[kill]
    m, status, path = run(folder, f"kill=virtio_blk0,{kill} args.churn=ops={ops}")
    judge(m, status, path, least)
    free = m.find(messages.PAGES_AT_END)["free"]
    assert free == pages_without_kills(folder), "a page a kill is a leak"


def test_twin_g11_a_client_that_submits_nothing_again_fails(folder):
    m, status, _ = run(folder, "kill=virtio_blk0,entry,120,1 args.churn=once=1")
    assert status == qemu.EXIT_JOB_FAILED
    m.find(r"^churn: churn: FAIL block=\d+ status=TN_EABORTED used=0$")


def test_twin_g11_a_write_that_is_lost_is_seen_from_outside(folder):
    m, status, path = run(folder, "kill=virtio_blk0,entry,120,1")
    acked = churn.said(m, "acked")
    number, version = next(iter(acked.items()))
    with open(path, "r+b") as file:
        file.seek(number * churn.BYTES)
        file.write(churn.block(number, version - 1))
    assert churn.wrong(path, acked) == [(number, version, version - 1)]


def test_g11_what_was_flushed_is_there_when_the_machine_stops(folder):
    """The machine is stopped from outside in the middle of it all."""
    disk = disks.scratch(folder, MiB)
    m = machine.start(
        archive.build(folder, ["churn"]),
        "manifest=churn kill=virtio_blk0,entry,120,3 args.churn=ops=100000000",
        [disk.disk(read_only=False, **qemu.OBEYS)],
        extra=[*qemu.IOMMU],
        kernel=paths.CHECKED,
    )
    for _ in range(3):
        m.wait_for(messages.DRIVER_KILLED)
        m.wait_for(r"^churn: churn: durable ")
    m.wait_for(r"^supervisor: virtio_blk0 was killed, \d+; ")
    m.kill()
    durable, acked = churn.said(m, "durable"), churn.said(m, "acked")
    assert durable
    assert churn.wrong(disk.path, durable, ahead=1 << 32) == []
    # one more may have been on its way, and eight lines of acknowledgements may not have been said yet
    assert all(acked[number] >= version for number, version in durable.items())


def stopped_at_work(folder, kernel, kills):
    """A machine whose driver is killed again and again, stopped from outside as if it had lost power: (what its client was told
    is durable, the log of the disk's writes)."""
    disk, log = volatile.logged(disks.scratch(folder, MiB))
    m = machine.start(
        archive.build(folder, ["churn"]),
        "manifest=churn kill=virtio_blk0,entry,120,3 args.churn=ops=100000000",
        [disk],
        extra=[*qemu.IOMMU],
        kernel=kernel,
    )
    for _ in range(kills):
        m.wait_for(messages.DRIVER_KILLED)
        m.wait_for(r"^churn: churn: durable ")
    m.kill()
    return churn.said(m, "durable"), log


def held(folder, content):
    path = os.path.join(folder, "survived.img")
    with open(path, "wb") as file:
        file.write(content)
    return path


@pytest.mark.parametrize("kills", [2, 5, 9])
def test_g11_what_was_flushed_survives_a_volatile_cache_that_loses_power(kills, folder):
    durable, log = stopped_at_work(folder, paths.CHECKED, kills)
    assert len(durable) >= 10
    assert churn.wrong(held(folder, volatile.survived(MiB, log)), durable, ahead=1 << 32) == []


def test_twin_g11_a_flush_that_never_came_is_noticed(folder):
    durable, log = stopped_at_work(folder, paths.CHECKED, 3)
    flushes = sum(flags & volatile.FLUSH for _, _, flags in volatile.entries(log))
    assert churn.wrong(held(folder, volatile.survived(MiB, log, without=flushes - 1)), durable, ahead=1 << 32)


PORT = ("-device", "pcie-root-port,id=above,addr=3")


def test_g11_behind_a_port_with_the_reset_that_pci_defines(folder):
    m, status, path = run(folder, "kill=virtio_blk0,entry,120,5 args.churn=ops=3000", port=PORT)
    judge(m, status, path, 4)
    assert len(m.find_all(r"reset by FLR: done$")) >= 4


def test_the_front_door_shows_it(folder):
    words = [paths.PYTHON, os.path.join(paths.TOOLS, "run.py"), "--build", paths.BUILD, "--manifest", "kill"]
    done = subprocess.run(words, cwd=paths.ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"^run: check: ok   .*: the guest read what is in it", done.stdout, re.M)
    assert re.search(r"^run: check: ok   the driver was killed [1-9]\d* times", done.stdout, re.M)


# ---- memory that runs out: at each allocation ----


def test_g6_a_start_that_runs_out_of_memory_at_each_of_its_allocations(folder):
    """Every time the driver is started again, its next allocation fails: nothing is lost, and at last it starts."""
    m, status, path = run(folder, "kill=virtio_blk0,entry,130,0 fail=virtio_blk0,1,1")
    judge(m, status, path, 1)
    failed = m.find_all(r"^process: virtio_blk0 could not be started again: status (\d+)$")
    assert len(failed) >= 15
    # the machine has not enough; for the one allocation that its domain needs, the device is blocked
    assert {match[1] for match in failed} == {"6", "10"}
    assert m.find(messages.PAGES_AT_END)["free"] == pages_without_kills(folder)


def without_memory(folder, nth):
    m, status, _ = run(folder, f"fail=all,{nth},0")
    m.lacks(messages.PANIC)
    assert status in (qemu.EXIT_SUCCESS, qemu.EXIT_JOB_FAILED)
    if status == qemu.EXIT_JOB_FAILED:
        m.find(r"^(start: \S+: .*|churn: .*|virtio_blk0: .*|supervisor: .*)\b(status 6|status 10|TN_E[A-Z]+)\b")
    return status


@pytest.mark.parametrize("nth", [1, 9, 33, 70, 95])
def test_g6_a_machine_that_runs_out_of_memory_says_so(nth, folder):
    without_memory(folder, nth)


@pytest.mark.long
@pytest.mark.parametrize("first", range(1, 161, 20))
def test_g6_the_same_at_every_allocation(first, folder):
    """Beyond the last one nothing fails."""
    last = [without_memory(folder, nth) for nth in range(first, first + 20)]
    assert first < 141 or last[-1] == qemu.EXIT_SUCCESS


# ---- the whole sweep: make test-kill ----

# (points, operations of the client, kills at least: every fourth call; every 16th instruction of the start,
# which has 35,000; every 8th of the work)
CALLS = [(f"entry,{first},4", 60000, 50) for first in range(1, 5)]
START = [(f"insn,{first},16,0", 200, 2000) for first in range(1, 17)]
WORK = [(f"insn,{first},8,112", 60000, 50) for first in range(1, 9)]


@pytest.mark.long
@pytest.mark.parametrize("kill, ops, least", CALLS + START + WORK)
def test_g11_kill_everywhere(kill, ops, least, folder):
    m, status, path = run(folder, f"kill=virtio_blk0,{kill} args.churn=ops={ops}", timeout=560)
    kills = judge(m, status, path, least)
    print(f"{kill}: {kills} kills")
