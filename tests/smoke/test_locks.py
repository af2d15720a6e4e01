# SPDX-License-Identifier: Apache-2.0
"""Ranks of locks in the machine: a kernel with the checks of a debug build reports a wrong order with both locks and both
places, runs its jobs in the right one, and a panic prints whatever is held."""

import re

import pytest

from harness import archive, disks, machine, messages, paths
from harness.disks import MiB

import qemu


def provoked(folder, kind, kernel):
    return machine.run(archive.build(folder, ["disk"]), f"manifest=disk provoke={kind}", kernel=kernel, timeout=20)


def source_line(number):
    with open(f"{paths.ROOT}/kernel/diag/provoke.c", encoding="utf-8") as file:
        return file.read().splitlines()[number - 1].strip()


# what stands in the source at the two places that the report names
PLACES = {
    "lock-order": ("lock_acquire(LOCK_INTERRUPT_ROUTES);", "lock_acquire(LOCK_DEVICE_MANAGER);"),
    "lock-release": ("lock_acquire(LOCK_DEVICE_MANAGER);", "lock_release(LOCK_DEVICE_MANAGER);"),
    "lock-window": ("lock_acquire(LOCK_INTERRUPT_ROUTES);", "lock_check_window();"),
}


@pytest.mark.parametrize("kind", messages.LOCK_REPORTS)
def test_a_wrong_order_is_reported_with_both_locks_and_both_places(kind, folder):
    m, status = provoked(folder, kind, paths.CHECKED)
    assert status == qemu.EXIT_PANIC
    found = m.find(messages.LOCK_REPORTS[kind])
    assert (source_line(int(found["first"])), source_line(int(found["second"]))) == PLACES[kind]
    assert len(m.find_all(messages.BACKTRACE)) >= 1
    m.find(messages.PANIC_END)


@pytest.mark.parametrize("kind", messages.LOCK_REPORTS)
def test_twin_a_kernel_that_does_not_look_reports_nothing(kind, folder):
    """The negative twin: built without the checks. It goes on to the job, for which this machine has no disk."""
    m, status = provoked(folder, kind, paths.TWIN)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.of(messages.PROVOKED_NOTHING, kind=kind))
    m.lacks(messages.PANIC)


def test_the_right_order_is_no_fault(folder):
    m, status = provoked(folder, "lock-right", paths.CHECKED)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.of(messages.PROVOKED_NOTHING, kind="lock-right"))
    m.lacks(messages.PANIC)


@pytest.mark.parametrize("kernel", ["CHECKED", "TWIN"])
def test_a_lock_taken_twice_is_a_panic_in_every_build_and_is_printed_past_the_log_s_own_lock(kernel, folder):
    m, status = provoked(folder, "lock-twice", getattr(paths, kernel))
    assert status == qemu.EXIT_PANIC
    held = int(m.find(messages.LOCK_TWICE)["first"])
    assert source_line(held) == "lock_acquire(LOCK_LOG);"
    assert int(m.find(messages.of(messages.LOCK_HELD, name="log"))["line"]) == held
    m.find(messages.PANIC_END)
    m.lacks(r"said while the log is held")


# ---- jobs under the checks ----


def test_jobs_and_interrupts_keep_the_order(folder):
    """Windows with interrupts in them, a storm that masks its source in one, a driver that dies: all on the checked kernel."""
    edu = ["-device", "edu,addr=6,dma_mask=0xffffffffffffffff"]
    for manifest, words in (("edu", ""), ("stale_irq", " args.stale_irq=rounds=200"), ("irq_storm", " args.irq_storm=raises=5000")):
        _, status = machine.run(archive.build(folder, [manifest]), f"manifest={manifest}{words}", extra=edu, kernel=paths.CHECKED)
        assert status == qemu.EXIT_SUCCESS, manifest


def test_reading_and_writing_keep_the_order(folder):
    image, scratch = disks.Image(folder, MiB), disks.scratch(folder)
    m, status = machine.run(archive.build(folder), disks=[image.disk(), scratch.disk(read_only=False)], kernel=paths.CHECKED)
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == image.sha256()


@pytest.mark.parametrize("shape", [[], ["-machine", "pc"]])
def test_a_driver_that_dies_keeps_the_order(shape, folder):
    """On the older machine its bus mastering goes off through CF8/CFC, under the device manager's lock."""
    image = disks.Image(folder, MiB)
    m, status = machine.run(
        archive.build(folder, ["dead_driver"]), "manifest=dead_driver", [image.disk()], extra=shape, kernel=paths.CHECKED
    )
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.DRIVER_NEVER_ON)
    m.lacks(messages.PANIC)


def test_locks_tells_what_was_taken_and_where(folder):
    m = machine.start(archive.build(folder), "manifest=read diag", kernel=paths.CHECKED, typed=True)
    m.wait_for(messages.PROMPT_EARLY)
    m.write("locks\nhalt\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    rows = [re.match(messages.LOCK_ROW, line.raw) for line in m.lines]
    rows = {row["name"]: row for row in rows if row}
    ranks = [int(row["rank"]) for row in rows.values()]
    assert len(ranks) == 7 and ranks == sorted(set(ranks))
    assert int(rows["log"]["taken"]) > 0 and rows["log"]["file"] == "kernel/diag/serial.c"
    assert int(rows["device manager"]["taken"]) == 0 and rows["device manager"]["file"] is None
    assert [line.raw for line in m.lines if line.raw == "the order is checked"]
