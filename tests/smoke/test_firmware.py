# SPDX-License-Identifier: Apache-2.0
"""ACPI tables that are broken: refused with a message that names the table, never a hang, never a wrong access."""

import pytest

from harness import acpi, archive, disks, machine, messages
from harness.disks import MiB

import qemu


def boot(folder, tables, **changes):
    disk = disks.Image(folder, MiB)
    initrd = archive.build(folder, ["disk"])
    extra = acpi.options(folder, tables, **changes)
    return *machine.run(initrd, "manifest=disk", [disk.disk()], extra=extra), disk


def test_twin_our_own_tables_boot_when_they_are_right(folder):
    m, status, disk = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg()])
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()


def test_a_bad_checksum_of_mcfg_is_named_and_the_table_not_used(folder):
    m, status, _ = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(break_checksum=True)])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.ACPI_CHECKSUM)
    m.find(messages.NO_ECAM)
    m.lacks(messages.READ_ANY)


@pytest.mark.parametrize("length", [0, 8, 35, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_bad_length_of_mcfg_is_named(folder, length):
    m, status, _ = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(length=length)])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.of(messages.ACPI_LENGTH, value=f"{length:x}"))
    m.find(messages.NO_ECAM)


@pytest.mark.parametrize("length", [45, 61])
def test_an_mcfg_whose_length_leaves_part_of_an_entry_is_named(folder, length):
    m, _, _ = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(length=length)])
    m.find(messages.of(messages.ACPI_REFUSED, table="MCFG"))


@pytest.mark.parametrize("base", [0xB0000001, 0xFFFFFFFFF0000000, 0])
def test_an_mcfg_with_an_impossible_base_is_not_used(folder, base):
    m, status, _ = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(base=base)])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.of(messages.ACPI_REFUSED, table="MCFG"))


def test_an_mcfg_with_start_bus_above_end_bus_is_not_used(folder):
    m, status, _ = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(first_bus=9, last_bus=3)])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.of(messages.ACPI_REFUSED, table="MCFG"))


@pytest.mark.parametrize("rsdt", [{"break_checksum": True}, {"length": 0}, {"length": 37}, {"length": 0xFFFFFFF0}])
def test_a_broken_root_table_ends_the_run_with_a_message(folder, rsdt):
    m, status, _ = boot(folder, [acpi.madt(), acpi.mcfg()], rsdt=rsdt)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.of(messages.ACPI_REFUSED, table="RSDT"))


def test_a_machine_without_mcfg_says_so_and_ends(folder):
    m, status, _ = boot(folder, [acpi.madt(), acpi.hpet()])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.NO_ECAM)
