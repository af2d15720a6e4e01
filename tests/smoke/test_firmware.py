# SPDX-License-Identifier: Apache-2.0
"""ACPI tables that are broken: refused with a message that names the table, never a hang, never a wrong access. Without a
usable MCFG the kernel goes on through CF8/CFC, and the disk is read all the same."""

import os
import struct

import pytest

from harness import acpi, archive, disks, machine, messages
from harness.disks import MiB

import qemu


def boot(folder, tables, **changes):
    disk = disks.Image(folder, MiB)
    initrd = archive.build(folder, ["disk"])
    extra = acpi.options(folder, tables, **changes)
    return *machine.run(initrd, "manifest=disk", [disk.disk()], extra=extra), disk


def goes_on_without_ecam(m, status, disk):
    assert status == qemu.EXIT_SUCCESS
    m.find(messages.PORTS)
    assert m.find(messages.READ)["sha256"] == disk.sha256()


def refused_once(m, table):
    """One line for the table, whatever is wrong with it."""
    assert len(m.find_all(messages.of(messages.ACPI_REFUSED, table=table))) == 1


def test_twin_our_own_tables_boot_when_they_are_right(folder):
    m, status, disk = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg()])
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()
    m.lacks(messages.NO_ECAM)
    m.lacks(r"^acpi: table .* ignored")


def test_a_bad_checksum_of_mcfg_is_named_and_the_table_not_used(folder):
    m, status, disk = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(break_checksum=True)])
    m.find(messages.ACPI_CHECKSUM)
    refused_once(m, "MCFG")
    goes_on_without_ecam(m, status, disk)


@pytest.mark.parametrize("length", [0, 8, 35, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_bad_length_of_mcfg_is_named(folder, length):
    m, status, disk = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(length=length)])
    m.find(messages.of(messages.ACPI_LENGTH, value=f"{length:x}"))
    refused_once(m, "MCFG")
    goes_on_without_ecam(m, status, disk)


@pytest.mark.parametrize("length", [45, 61])
def test_an_mcfg_whose_length_leaves_part_of_an_entry_is_named(folder, length):
    m, status, disk = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(length=length)])
    refused_once(m, "MCFG")
    goes_on_without_ecam(m, status, disk)


# the last: in the middle of RAM; configuration writes would go through it
@pytest.mark.parametrize("base", [0xB0000001, 0xFFFFFFFFF0000000, 0, 0x4000000])
def test_an_mcfg_with_an_impossible_base_is_not_used(folder, base):
    m, status, disk = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(base=base)])
    refused_once(m, "MCFG")
    goes_on_without_ecam(m, status, disk)


# the width of -cpu max is 40 bits; mapped, each of these would be a page fault of the kernel
BEYOND = {
    "MCFG": (1 << 48, lambda at: acpi.mcfg(base=at)),
    "DMAR": (1 << 41, lambda at: acpi.dmar(acpi.drhd(base=at))),
    "HPET": (1 << 50, lambda at: acpi.hpet(base=at)),
    "APIC": (1 << 40, lambda at: acpi.madt(local_apic=at)),
}


@pytest.mark.parametrize("table", BEYOND)
def test_registers_that_the_processor_cannot_address_are_not_used(folder, table):
    at, make = BEYOND[table]
    right = {"APIC": acpi.madt(), "HPET": acpi.hpet(), "MCFG": acpi.mcfg()}
    m, status, disk = boot(folder, [*(right[t] for t in right if t != table), make(at)])
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()
    refused_once(m, table)
    m.find(messages.of(messages.ACPI_BEYOND, table=table, at=f"{at:x}"))


def test_an_mcfg_that_names_a_place_without_configuration_space_is_not_used(folder):
    m, status, disk = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(base=0x90000000)])
    m.find(messages.OTHER_ECAM)
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()


# a second window, where BAR sizing would write into registers: what the refusal calls them
OVER_REGISTERS = {
    "I/O APIC": (0xFEC00000, 0, "an I/O APIC"),
    "HPET": (0xFED00000, 0, "the HPET"),
    "local APIC": (0xFEE00000, 0, "the local APIC"),
    "flash": (0xFFE00000, 1, "the BIOS"),
}


@pytest.mark.parametrize("place", OVER_REGISTERS)
def test_configuration_space_over_other_registers_is_not_used(folder, place):
    base, last_bus, words = OVER_REGISTERS[place]
    m, status, disk = boot(folder, [acpi.mcfg(more=[(base, 1, 0, last_bus)]), acpi.madt(), acpi.hpet()])
    refused_once(m, "MCFG")
    assert f"configuration space over {words}, at 0x{base:x}" in m.find(messages.of(messages.ACPI_REFUSED, table="MCFG"))[0]
    m.lacks(r"^pci: 0001:")
    goes_on_without_ecam(m, status, disk)


def test_a_window_that_does_not_begin_at_bus_0_is_compared_with_the_ports(folder):
    """Behind the port there is a device on bus 1; where this table puts that bus there is another one's bus."""
    tables = [acpi.madt(), acpi.hpet(), acpi.mcfg(last_bus=0, more=[(acpi.ECAM_BASE + (16 << 20), 0, 1, 9)])]
    disk = disks.Image(folder, MiB)
    extra = [*acpi.options(folder, tables), "-device", "pcie-root-port,id=rp,chassis=1,addr=8", "-device", "edu,bus=rp"]
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=disk", [disk.disk()], extra=extra)
    m.find(messages.of(messages.OTHER_ECAM_AT, at="01:00.0"))
    goes_on_without_ecam(m, status, disk)


def test_an_mcfg_without_bus_0_is_not_used(folder):
    m, status, disk = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(first_bus=1)])
    m.find(messages.NO_BUS_0)
    goes_on_without_ecam(m, status, disk)


def test_a_window_above_4_gib_is_compared_with_the_ports_once_it_is_mapped(folder):
    """Until then the ports are used, and then on as well."""
    m, status, disk = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(base=1 << 36)])
    m.find(messages.OTHER_ECAM)
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()


def test_buses_that_an_mcfg_leaves_out_are_silenced_through_the_ports(folder):
    """A root bus 128 of its own, with a port, and behind it a disk that the firmware looks at."""
    tables = [acpi.madt(), acpi.hpet(), acpi.mcfg(last_bus=63)]
    disk = disks.Image(folder, MiB)
    extra = [*acpi.options(folder, tables), "-device", "pxb-pcie,id=px,bus_nr=128"]
    extra += ["-device", "pcie-root-port,id=rp,bus=px,chassis=1", "-device", "nvme,serial=1,bus=rp"]
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=disk", [disk.disk(bus="pcie.0")], extra=extra)
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()
    m.find(messages.LEFT_OUT_BUSES)
    m.find(r"^pci: 81:00\.0 1b36:0010 .+, firmware left bus mastering on: cleared$")


# the second: another I/O APIC's registers again, which QEMU shows every 256 bytes
NOT_THERE = {
    "nowhere": ([(0xFEC00000, 0), (0xFD000000, 24)], r"^irq: I/O APIC 1 is not there \(its version register reads 0x\w+\): not used$"),
    "again": ([(0xFEC00000, 0), (0xFEC00100, 8)], r"^irq: I/O APIC 1, interrupts 8 to 31, has some of those of I/O APIC 0: not used$"),
}


@pytest.mark.parametrize("second", NOT_THERE)
def test_a_second_io_apic_that_cannot_be_is_not_used(folder, second):
    io_apics, line = NOT_THERE[second]
    m, status, disk = boot(folder, [acpi.madt(io_apics=io_apics), acpi.hpet(), acpi.mcfg()])
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()
    assert len(m.find_all(line)) == 1


@pytest.mark.parametrize("at", [0xFEE00000, 0xFED00000, 0xFFFFFFF0, acpi.ECAM_BASE + 0x20000])
def test_an_io_apic_over_other_registers_is_not_used(folder, at):
    m, status, disk = boot(folder, [acpi.madt(io_apics=[(at, 0)]), acpi.hpet(), acpi.mcfg()])
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()
    refused_once(m, "APIC")


def test_what_an_endless_root_table_brings_is_counted_and_not_logged(folder):
    """20,000 entries of a root table lead nowhere: 64 lines, and one with the number of the others."""
    m, status, disk = boot(folder, [acpi.madt(), acpi.mcfg()], rsdt={"nowhere": 20000})
    assert len(m.find_all(messages.of(messages.ACPI_REFUSED, table="????"))) == 64
    assert int(m.find(messages.MORE_IGNORED)["count"]) == 20000 - 64
    m.find(messages.DMAR_UNKNOWN)
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()


def test_two_dmars_are_none_and_everybody_says_so(folder):
    tables = [acpi.madt(), acpi.hpet(), acpi.mcfg(), acpi.dmar(acpi.drhd()), acpi.dmar(acpi.drhd())]
    m, status, disk = boot(folder, tables)
    assert len(m.find_all(messages.of(messages.ACPI_REFUSED, table="DMAR"))) == 2
    m.find(messages.DMAR_BROKEN)
    m.find(messages.BROKEN_UNIT)
    m.lacks(r"^acpi: DMAR[:,]")
    assert "DMAR" in m.find(messages.ACPI_MISSING)["names"]
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()


def test_the_console_lists_what_is_refused(folder):
    tables = [acpi.madt(), acpi.hpet(), acpi.mcfg(base=0x4000000), acpi.dmar(bytes(4))]
    m = machine.start(archive.build(folder, ["disk"]), "manifest=disk diag", extra=acpi.options(folder, tables), typed=True)
    m.wait_for(messages.PROMPT_EARLY)
    m.write("page off\nacpi\nhalt\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    m.find(r"^MCFG refused: registers where memory is, at 0x4000000$")
    m.find(r"^DMAR refused: structure with a bad length 0x0$")


@pytest.mark.parametrize("length", [8, 0x7FFFFFFF])
def test_a_dmar_that_cannot_be_read_is_not_an_absent_one(folder, length):
    dmar = acpi.table(b"DMAR", bytes([38, 1]) + bytes(10) + acpi.drhd(), length=length)
    m, _, _ = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(), dmar])
    m.find(messages.BROKEN_UNIT)
    m.lacks(messages.NO_UNIT)


def test_an_mcfg_with_start_bus_above_end_bus_is_not_used(folder):
    m, status, disk = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(first_bus=9, last_bus=3)])
    refused_once(m, "MCFG")
    goes_on_without_ecam(m, status, disk)


@pytest.mark.parametrize("rsdt", [{"break_checksum": True}, {"length": 0}, {"length": 37}, {"length": 0xFFFFFFF0}])
def test_a_broken_root_table_is_named_and_the_machine_found_without_tables(folder, rsdt):
    m, status, disk = boot(folder, [acpi.madt(), acpi.mcfg()], rsdt=rsdt)
    refused_once(m, "RSDT")
    m.find(messages.DMAR_UNKNOWN)
    m.find(messages.UNKNOWN_UNIT)
    goes_on_without_ecam(m, status, disk)


def test_a_machine_without_mcfg_says_so_and_goes_on(folder):
    m, status, disk = boot(folder, [acpi.madt(), acpi.hpet()])
    goes_on_without_ecam(m, status, disk)
    assert "MCFG" in m.find(messages.ACPI_MISSING)["names"]


# ---- the same through QEMU's -acpitable, which puts checksum and length right: what is inside is broken ----

LOCAL_APIC = bytes([0, 8, 0, 0, 1, 0, 0, 0])
SCOPE_OF_LENGTH_7 = bytes([1, 7, 0, 0, 0, 0, 1])


EXTRA_TABLES = {
    # on q35 a second MADT is one too many, whatever is in it; a machine made with our own has the broken one only
    "second-madt": (acpi.madt(), "APIC", "a second one"),
    "dmar-without-unit": (acpi.dmar(), "DMAR", "no DRHD"),
    "dmar-structure-of-length-0": (acpi.dmar(bytes(4)), "DMAR", "structure with a bad length 0x0"),
    "dmar-scope-of-length-7": (acpi.dmar(acpi.drhd(SCOPE_OF_LENGTH_7)), "DMAR", "device scope with a bad length 0x7"),
    "dmar-unit-in-ram": (acpi.dmar(acpi.drhd(b"", base=0x4000000)), "DMAR", "registers where memory is, at 0x4000000"),
}


@pytest.mark.parametrize("name", EXTRA_TABLES)
def test_a_broken_table_beside_qemus_own_is_named_and_the_boot_goes_on(folder, name):
    data, table, words = EXTRA_TABLES[name]
    path = os.path.join(folder, "table")
    with open(path, "wb") as file:
        file.write(data)
    disk = disks.Image(folder, MiB)
    m, status = machine.run(
        archive.build(folder, ["disk"]), "manifest=disk", [disk.disk()], extra=["-acpitable", f"file={path}"]
    )
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()
    refused_once(m, table)
    assert words in m.find(messages.of(messages.ACPI_REFUSED, table=table))[0]
    if table == "DMAR":
        m.find(messages.DMAR_BROKEN)
    m.lacks(messages.NO_ECAM)


def test_twin_a_right_dmar_beside_qemus_own_tables_is_read(folder):
    path = os.path.join(folder, "table")
    with open(path, "wb") as file:
        file.write(acpi.dmar(acpi.drhd(b"")))
    m, _ = machine.run(archive.build(folder, ["disk"]), "manifest=disk", extra=["-acpitable", f"file={path}"])
    m.find(r"^acpi: DMAR: 39 address bits")
    m.lacks(messages.DMAR_BROKEN)


BROKEN_MADT = {
    "entry-of-length-0": (bytes([0, 0]), "entry with a bad length 0x0"),
    "entry-behind-the-end": (bytes([0x7F, 200]), "entry with a bad length 0xc8"),
    "reserved-polarity": (bytes([2, 10, 0, 9, 9, 0, 0, 0, 2, 0]), "reserved polarity or trigger, flags 0x2"),
}


@pytest.mark.parametrize("name", BROKEN_MADT)
def test_a_broken_madt_is_named_and_the_boot_goes_on(folder, name):
    entry, words = BROKEN_MADT[name]
    madt = acpi.table(b"APIC", struct.pack("<II", 0xFEE00000, 1) + LOCAL_APIC + entry)
    m, status, disk = boot(folder, [madt, acpi.hpet(), acpi.mcfg()])
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()
    refused_once(m, "APIC")
    assert words in m.find(messages.of(messages.ACPI_REFUSED, table="APIC"))[0]


def test_the_tables_of_an_iommu_machine_are_reported(folder):
    extra = ["-device", "intel-iommu,intremap=on", "-smp", "3"]
    m, _ = machine.run(archive.build(folder, ["disk"]), "manifest=disk", extra=extra)
    m.find(r"^acpi: MADT: 3 processors \(3 enabled\), 1 I/O APICs, 5 overrides, 0 NMI sources, 1 local NMIs, 8259$")
    m.find(r"^acpi: DMAR: 39 address bits, flags 1, 1 structures, 0 of unknown types, interrupt remapping$")
    m.find(r"^acpi:   DRHD segment 0, flags 0, \d+ device scopes$")
    m.find(r"^acpi:     I/O APIC 0 at 0000:ff:00\.0$")
    m.find(r"^acpi: FADT: revision 3, boot flags 2, a reset register, 24-bit PM timer, century at CMOS 32$")
    m.find(r"^acpi: HPET: 3 comparators, 64-bit counter$")
    m.lacks(messages.ACPI_MISSING)


def test_msi_that_the_fadt_forbids_is_used_by_nobody(folder):
    m, status, _ = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(), acpi.fadt(boot_flags=1 << 3)])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(r"^irq: 00:04\.0: unroutable: the FADT forbids MSI, and where its line goes only AML tells$")
    m.find(r"^virtio_blk0: MSI-X entry 0 cannot be bound: TN_ENOTSUP\b")


def test_twin_a_fadt_that_does_not_forbid_msi_changes_nothing(folder):
    m, status, disk = boot(folder, [acpi.madt(), acpi.hpet(), acpi.mcfg(), acpi.fadt(boot_flags=1)])
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == disk.sha256()
    m.find(r"^acpi: FADT: revision 3, boot flags 1, no reset register, no PM timer\b")
