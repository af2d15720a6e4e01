# SPDX-License-Identifier: Apache-2.0
"""Devices that move data with no driver that tells them to: one that nobody ever held, and one whose driver has died, whose
domain and context entry are gone (G8). Bus mastering is switched on and the transfer started from outside."""

import re

from harness import archive, attack_bytes, disks, machine, memory, messages, qmp
from harness.disks import MiB
from harness.hardware import Bus, Edu

import qemu

EDU = ["-device", "edu,addr=6,dma_mask=0xffffffffffffffff"]
SLOT = 6
RAM = 256
PATTERN = 0x5EC12E75EC12E75E
FROM, TO = 0x8000000, 0x8001000  # middle of memory: free


def booted(folder, iommu):
    """(machine, bus) of a machine at its shell, with an edu that no manifest names."""
    bus = Bus(folder)
    m = machine.start(
        archive.build(folder, ["shell"]),
        "manifest=shell",
        [disks.Image(folder, MiB).disk(**(qemu.OBEYS if iommu else {}))],
        extra=[*iommu, *EDU, *bus.options()],
        typed=True,
    )
    bus.connect()
    m.wait_for(messages.PROMPT_SHELL)
    return m, bus


def moved(bus):
    """Does a device that nobody holds carry a word from one place of memory to another?"""
    edu = Edu(bus, SLOT)
    bus.write(FROM, 8, PATTERN)
    bus.write(TO, 8, 0)
    edu.take_over()
    edu.read_from(FROM)
    edu.write_to(TO)
    return bus.read(TO, 8) == PATTERN


def test_g8_a_device_that_nobody_holds_moves_nothing(folder):
    m, bus = booted(folder, qemu.IOMMU)
    assert not moved(bus)
    m.wait_for(messages.NOBODYS_FAULT)
    m.write("exit\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS


def test_twin_g8_without_an_iommu_it_does(folder):
    _, bus = booted(folder, [])
    assert moved(bus)


def held(folder, iommu, when):
    """(machine, bus, monitor) while the client of the edu's hostile driver holds a buffer that the device had been given:
    `when` is "hold" for before the driver's death, "mourn" for after it.
    """
    bus, monitor = Bus(folder), qmp.Monitor(folder)
    m = machine.start(
        archive.build(folder, ["dma_attack"]),
        f"manifest=dma_attack args.attack=sweep=none args.victim={when}=1",
        [disks.Image(folder, MiB).disk(**(qemu.OBEYS if iommu else {}))],
        extra=[*iommu, *EDU, *bus.options(), *monitor.options(), "-trace", "vtd_iotlb_page_update", "-trace", "vtd_dmar_fault"],
    )
    bus.connect()
    m.wait_for(messages.HOLDING)
    monitor.connect()
    return m, bus, monitor


def device_addresses(m):
    """All that the edu ever reached."""
    return sorted({int(a, 16) for a in re.findall(r"page_update IOTLB page update sid 0x30 iova 0x(\w+)", m.stderr())})


CANARY = b"\x5e"  # of user/hostile/dma_victim


def canaries(monitor, folder):
    """Pages of RAM that are full of it."""
    ram = memory.dump(monitor, folder, RAM)
    monitor.ask("cont")
    full = CANARY * memory.PAGE
    return [page for page in range(0, len(ram), memory.PAGE) if ram[page : page + memory.PAGE] == full]


def test_g8_after_its_driver_and_its_domain_the_device_writes_nowhere(folder):
    m, bus, monitor = held(folder, qemu.IOMMU, "mourn")
    m.find(r"^victim: case write_after_death: ok$")
    known = device_addresses(m)
    assert len(known) >= 2, "the trace says nothing"
    pages = canaries(monitor, folder)
    assert len(pages) == 2, "the victim's buffer"
    edu = Edu(bus, SLOT)
    bus.write(FROM, 8, PATTERN)
    edu.take_over()
    for address in [*known, *pages, FROM]:
        faults = m.stderr().count("vtd_dmar_fault")
        edu.write_to(address, 16)
        edu.read_from(address, 16)
        assert m.stderr().count("vtd_dmar_fault") > faults, f"{address:#x} was reached"
    assert canaries(monitor, folder) == pages
    assert bus.read(FROM, 8) == PATTERN
    m.wait_for(messages.NOBODYS_FAULT)


def test_twin_g8_without_an_iommu_it_writes_into_what_came_back(folder):
    """Before the death of its driver: after it, this machine gives nothing back."""
    _, bus, monitor = held(folder, [], "hold")
    pages = memory.places(memory.dump(monitor, folder, RAM), attack_bytes.BEGIN)
    monitor.ask("cont")
    assert pages
    edu = Edu(bus, SLOT)
    bus.write(FROM, 8, PATTERN)
    edu.take_over()
    edu.read_from(FROM, 16)
    for page in pages:
        edu.write_to(page, 16)
        assert bus.read(page, 8) == PATTERN
