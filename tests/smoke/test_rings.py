# SPDX-License-Identifier: Apache-2.0
"""A driver that gives its virtio disk rings, tables and buffers outside its own memory (G8), looked at from outside."""

from harness import archive, disks, machine, memory, messages, qmp
from harness.disks import MiB

import qemu

RAM = 256
FREE = 0x8000000  # middle of memory, of user/hostile/ring_attack


def attack(folder, iommu, words):
    """(machine, what the attacker's disk holds in front, RAM while the attacker holds still)"""
    beside = disks.Image(folder, 8 * MiB)
    content = disks.random_of("rings").randbytes(MiB)
    own = disks.Image(folder, MiB, "own.img", content)
    obeys = qemu.OBEYS if iommu else {}
    monitor = qmp.Monitor(folder)
    m = machine.start(
        archive.build(folder, ["ring_attack"]),
        f"manifest=ring_attack args.rings={words}",
        [beside.disk(**obeys), own.disk(**obeys)],
        extra=[*iommu, *monitor.options()],
    )
    m.wait_for(messages.RINGS_HOLDING)
    assert m.wait_for(messages.READ)["sha256"] == beside.sha256(), "the reader beside it was disturbed"
    monitor.connect()
    return m, content[:64], memory.dump(monitor, folder, RAM)


def test_g8_rings_that_lie_or_lie_elsewhere_lead_the_device_nowhere(folder):
    m, front, ram = attack(folder, qemu.IOMMU, "hold=1")
    m.lacks(messages.RINGS_CASE)
    assert len(m.find_all(r"^rings: case \w+: ok$")) == 37
    m.find(messages.of(messages.FAULT_OF, process="rings"))
    assert memory.places(ram, front) == [], "what the disk holds is somewhere in memory"


def test_twin_g8_without_an_iommu_they_lead_it_there(folder):
    m, front, ram = attack(folder, [], "aim=ram,hold=1")
    m.find(messages.RINGS_CASE)
    assert memory.places(ram, front) == [FREE]
