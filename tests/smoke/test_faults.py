# SPDX-License-Identifier: Apache-2.0
"""Faults: of a user process, which end that process and nothing else; of the kernel, which end the machine at once."""

import pytest

from harness import archive, disks, machine, messages, paths
from harness.disks import MiB

import qemu


@pytest.mark.parametrize("kind", messages.FAULT_WORDS)
def test_a_fault_in_user_mode_ends_that_process_and_nothing_else(folder, kind):
    disk = disks.Image(folder, MiB)
    initrd = archive.build(folder, ["fault"])
    m, status = machine.run(initrd, f"manifest=fault args.victim=kind={kind}", [disk.disk()])
    assert status == qemu.EXIT_JOB_FAILED, "the victim is a job, and it failed"
    m.find(messages.of(messages.PROCESS_FAULT, process="victim", what=messages.FAULT_WORDS[kind]))
    m.find(messages.of(messages.PROCESS_ENDED, process="victim"))
    assert m.find(messages.READ)["sha256"] == disk.sha256(), "the reader beside it is not disturbed"
    m.lacks(messages.PANIC)


def test_g10_a_device_that_was_never_given_dma_is_free_and_its_client_gets_an_end(folder):
    disk = disks.Image(folder, MiB)
    m, status = machine.run(archive.build(folder, ["dead_driver"]), "manifest=dead_driver", [disk.disk()], timeout=30)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.DRIVER_NEVER_ON)
    m.lacks(messages.READ_ANY)
    m.lacks(messages.PANIC)


def test_g10_what_a_dead_driver_had_posted_stays_in_quarantine(folder):
    disk = disks.Image(folder, MiB)
    slow, group = disks.throttled(disk, operations_per_second=1)  # the device is at work when its driver dies
    m, status = machine.run(archive.build(folder, ["dying_driver"]), "manifest=dying_driver", [slow], extra=group, timeout=30)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.DRIVER_LOST)
    m.find(messages.READER_QUARANTINED)
    rings = int(m.find(messages.of(messages.QUARANTINED, process="victim"))["pages"])
    payload = int(m.find(messages.of(messages.QUARANTINED, process="reader"))["pages"])
    assert rings > 0 and payload > 0
    assert int(m.find(messages.PAGES_AT_END)["quarantined"]) == rings + payload
    m.lacks(messages.READ_ANY)
    m.lacks(messages.PANIC)


def test_a_panic_ends_the_machine_with_its_own_status_and_a_backtrace(folder):
    m, status = machine.run(
        archive.build(folder, ["disk"]), "manifest=disk provoke=panic", kernel=paths.TWIN, timeout=20
    )
    assert status == qemu.EXIT_PANIC
    m.find(messages.PANIC_ASKED)
    assert len(m.find_all(messages.BACKTRACE)) >= 1
    m.find(messages.PANIC_END)


@pytest.mark.parametrize("kind", messages.PROVOKED)
def test_a_fault_of_the_kernel_is_reported_with_registers_and_a_backtrace(folder, kind):
    """`stack` needs the double fault's own stack: the kernel's is used up."""
    m, status = machine.run(
        archive.build(folder, ["disk"]), f"manifest=disk provoke={kind}", kernel=paths.TWIN, timeout=20
    )
    assert status == qemu.EXIT_PANIC
    m.find(messages.PROVOKED[kind])
    m.find(r"^  rip [0-9a-f]{16} cs 08 ")
    assert len(m.find_all(messages.BACKTRACE)) >= 1
    m.find(messages.PANIC_END)


def test_the_release_kernel_has_no_fault_switch(folder):
    disk = disks.Image(folder, MiB)
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=disk provoke=panic", [disk.disk()])
    assert status == qemu.EXIT_SUCCESS
    m.lacks(messages.PANIC)


def test_a_cpu_that_the_kernel_cannot_run_on_is_a_panic_that_says_so(folder):
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=disk", extra=["-cpu", "max,nx=off"], timeout=20)
    assert status == qemu.EXIT_PANIC
    m.find(messages.PANIC_NO_NX)
