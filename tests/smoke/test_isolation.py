# SPDX-License-Identifier: Apache-2.0
"""What a device reaches behind an IOMMU, and what it does not (G8): tried by a driver that uses its device against everybody,
and looked at from outside."""

import os
import struct

import pytest

from harness import acpi, archive, attack_bytes, disks, machine, memory, messages, paths, planted, qmp
from harness.disks import MiB

import qemu

EDU = ["-device", "edu,addr=6,dma_mask=0xffffffffffffffff"]
MEMORY = 256


def attack(folder, words="", extra=(), kernel=None):
    """(machine, status, the disk that somebody else reads meanwhile)"""
    image = disks.Image(folder, 8 * MiB)
    disk, group = disks.throttled(image, operations_per_second=25, **qemu.OBEYS)  # as long as the attack takes
    m, status = machine.run(
        archive.build(folder, ["dma_attack"]), f"manifest=dma_attack {words}", [disk], extra=[*extra, *EDU, *group], kernel=kernel
    )
    return m, status, image


@pytest.mark.parametrize("iommu", ["intel-iommu", "intel-iommu,aw-bits=48", "intel-iommu,caching-mode=on"])
def test_g8_a_hostile_drivers_device_writes_nowhere_but_on_tenure(iommu, folder):
    m, status, image = attack(folder, extra=["-device", iommu])
    assert status == qemu.EXIT_SUCCESS, m.text()
    assert m.find(messages.READ)["sha256"] == image.sha256(), "the reader beside it was disturbed"
    assert int(m.find(messages.FORGED)["vectors"]) == 16
    # QEMU delivers what hardware would block: counted, and of use to nobody
    assert int(m.find(messages.END_COUNTS)["spurious"]) >= 1
    m.lacks(r"^virtio_blk0: the device has \d+ sectors now")  # a wake by itself says nothing
    m.find(messages.of(messages.FAULT_OF, process="attack"))
    m.find(messages.ISOLATED)
    assert int(m.find(messages.SWEEP)["refused"]) >= 23
    assert int(m.find(messages.DRIVER_SILENCED)["evidence"].count("passed")) == 3
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"


def test_twin_g9_a_kernel_that_takes_messages_for_exceptions(folder):
    """The processor lets every vector through: what is forged as a page fault ends whoever runs, or the kernel."""
    kernel = planted.kernel(
        folder, "arch/x86_64/lapic.c", {"apic_write(APIC_TASK_PRIORITY, PRIORITY_OF_EXCEPTIONS)": "apic_write(APIC_TASK_PRIORITY, 0)"}
    )
    _, status, _ = attack(folder, extra=qemu.IOMMU, kernel=kernel)
    assert status in (qemu.EXIT_PANIC, qemu.EXIT_JOB_FAILED)


BEHIND = {
    "the root": [],
    "a root port": ["-device", "pcie-root-port,id=b1,addr=3,chassis=1"],
    "a bridge to PCI": ["-device", "pcie-pci-bridge,id=b1,addr=3"],
    "two bridges": ["-device", "pcie-pci-bridge,id=b0,addr=3", "-device", "pci-bridge,id=b1,bus=b0,addr=4,chassis_nr=2"],
    "an old bridge": ["-device", "i82801b11-bridge,id=b1,addr=3"],
}


@pytest.mark.parametrize("behind", BEHIND)
def test_g8_dma_and_messages_of_a_device_pass_behind(behind, folder):
    """Under the requester ids that bridges give it; with all the checks of the driver's client."""
    bridges = BEHIND[behind]
    edu = "edu,dma_mask=0xffffffffffffffff" + (",bus=b1,addr=0" if "root port" in behind else ",bus=b1,addr=7" if bridges else ",addr=6")
    m, status = machine.run(archive.build(folder, ["edu"]), "manifest=edu", extra=[*qemu.IOMMU, *bridges, "-device", edu])
    assert status == qemu.EXIT_SUCCESS, m.text()
    m.find(policy("edu0", "remapped-strict"))
    m.find(messages.EDU_OK)
    m.lacks(messages.of(messages.FAULT_OF, process="edu0"))


def held(folder, words, extra, kernel=None):
    """(machine, RAM, CR3) while the victim holds the one buffer that its device was allowed to write to."""
    monitor = qmp.Monitor(folder)
    m = machine.start(
        archive.build(folder, ["dma_attack"]),
        f"manifest=dma_attack args.victim=hold=1 {words}",
        [disks.Image(folder, MiB).disk(**(qemu.OBEYS if extra else {}))],
        extra=[*extra, *EDU, *monitor.options()],
        kernel=kernel,
    )
    m.wait_for(messages.HOLDING)
    monitor.connect()
    ram = memory.dump(monitor, folder, MEMORY)
    root = memory.root(monitor)
    m.kill()
    return m, ram, root


def test_g8_what_the_device_wrote_is_in_one_place_of_all_memory(folder):
    _, ram, _ = held(folder, "", qemu.IOMMU)
    found = memory.places(ram, attack_bytes.BEGIN)
    assert len(found) == 1 and found[0] % memory.PAGE == 0
    assert memory.places(ram, attack_bytes.END) == [found[0] + 2048 - 32]


def test_g8_twin_without_an_iommu_it_is_where_the_driver_wanted_it(folder):
    """The same driver on a machine without one, allowed by the policy `trusted`: the search must find what it did."""
    _, ram, _ = held(folder, "args.attack=sweep=ram", [])
    assert 0x8000000 in memory.places(ram, attack_bytes.BEGIN)


def test_g8_twin_a_kernel_that_does_not_take_back_what_it_lent(folder):
    m, status, _ = attack(folder, "args.attack=sweep=none args.victim=die=0", qemu.IOMMU, kernel=paths.TWIN)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.of(messages.VICTIM_CASE, case="late_write"))
    m.find(messages.NOT_ISOLATED)


def addresses_seen(folder, kernel=None):
    """Words in the victim's address space that are an address of its buffer, the device's or the memory's."""
    m, ram, root = held(folder, "args.attack=sweep=none", [*qemu.IOMMU, "-trace", "vtd_iotlb_page_update"], kernel)
    pages = sorted(set(memory.user_pages(ram, root)))
    (buffer,) = set(memory.places(ram, attack_bytes.BEGIN)).intersection(pages)  # of this address space, which is the victim's
    devices = {int(line.split(" iova 0x")[1].split()[0], 16) for line in m.stderr().splitlines() if " iova 0x" in line}
    assert devices, "the trace says nothing"
    assert f"{buffer:x}" not in m.text()
    wanted = {buffer, buffer >> 12, *devices}
    return [
        f"{value:#x} at {page:#x}+{8 * offset:#x}"
        for page in pages
        for offset, (value,) in enumerate(struct.iter_unpack("<Q", ram[page : page + memory.PAGE]))
        if value & ~0xFFF in wanted and value >= 1 << 20
    ]


def test_g5_a_client_sees_neither_the_physical_nor_the_device_address_of_its_buffer(folder):
    assert addresses_seen(folder) == []


def test_twin_g5_a_kernel_that_answers_with_it(folder):
    assert addresses_seen(folder, paths.TWIN)


def flood(folder, kernel=None):
    return machine.start(
        archive.build(folder, ["dma_attack"]),
        "manifest=dma_attack args.attack=sweep=flood",
        [disks.Image(folder, MiB).disk(**qemu.OBEYS)],
        extra=[*qemu.IOMMU, *EDU],
        timeout=120,
        kernel=kernel,
    )


@pytest.mark.long  # a fault takes the device 100 ms
def test_g8_a_device_that_faults_and_faults_is_stopped(folder):
    m = flood(folder)
    m.wait_for(r"^attack: case bus_master_after_that: ok$")
    m.find(messages.of(messages.STOPPED, process="attack"))
    m.find(r"^attack: case faults_until_stopped: ok$")


@pytest.mark.long
def test_twin_g8_a_kernel_that_stops_nobody(folder):
    m = flood(folder, paths.TWIN)
    m.wait_for(r"^attack: case bus_master_after_that: FAIL")
    m.lacks(messages.of(messages.STOPPED, process="attack"))


# ---- policies ----


def policy(process, policy, note=""):
    return messages.POLICY.format(process=process, policy=policy, note=note)


def accepting(folder, minimum):
    """The archive of `disk` whose driver accepts no less than this policy."""
    changed = archive.variant(folder, "disk", {'policy = "trusted"': f'policy = "{minimum}"'})
    return archive.build(folder, ["disk"], changed=changed)


@pytest.mark.parametrize("minimum", ["trusted", "remapped-pool", "remapped-strict"])
def test_g8_with_an_iommu_a_disk_is_read_under_the_policy(minimum, folder):
    image = disks.Image(folder, 8 * MiB)
    initrd = accepting(folder, minimum)
    m, status = machine.run(initrd, "manifest=disk", [image.disk(**qemu.OBEYS)], extra=[*qemu.IOMMU, "-trace", "vtd_dmar_fault"])
    assert status == qemu.EXIT_SUCCESS, m.text()
    m.find(policy("virtio_blk0", "remapped-strict" if minimum == "trusted" else minimum))
    assert m.find(messages.READ)["sha256"] == image.sha256()
    assert "vtd_dmar_fault" not in m.stderr()
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"


def many_scopes(folder, kernel=paths.KERNEL):
    """QEMU's DMAR has a scope for each function: 144 here, and those of the machine itself."""
    image = disks.Image(folder, MiB)
    many = [
        w
        for n in range(144)
        for w in ("-device", f"edu,addr={6 + n // 8:x}.{n % 8},multifunction={'on' if n % 8 == 0 else 'off'}")
    ]
    initrd = accepting(folder, "remapped-strict")
    m, status = machine.run(
        initrd, "manifest=disk", [image.disk(**qemu.OBEYS)], extra=[*qemu.IOMMU, *many], kernel=kernel
    )
    return m, status, image


def test_g8_firmware_may_name_every_function_of_a_machine(folder):
    m, status, image = many_scopes(folder)
    assert status == qemu.EXIT_SUCCESS
    assert int(m.find(messages.DRHD)["scopes"]) > 144
    m.find(policy("virtio_blk0", "remapped-strict"))
    assert m.find(messages.READ)["sha256"] == image.sha256()


def test_twin_g8_a_kernel_with_room_for_fewer_has_no_policy_to_give(folder):
    kernel = planted.kernel(folder, "firmware/dmar.c", {"== DMAR_SCOPES_MAX": "== 128"}, "tenure-checked.elf")
    m, status, _ = many_scopes(folder, kernel)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.DMAR_BROKEN)


NOT_DRIVEN = {
    "no IOMMU": ([], {}, messages.NO_UNIT),
    "a device that goes past it": (qemu.IOMMU, {}, messages.UNIT),
}


@pytest.mark.parametrize("minimum", ["remapped-pool", "remapped-strict"])
@pytest.mark.parametrize("why", NOT_DRIVEN)
def test_g8_a_remapped_policy_that_cannot_be_given_means_no_dma(why, minimum, folder):
    extra, device, said = NOT_DRIVEN[why]
    image = disks.Image(folder, MiB)
    initrd = accepting(folder, minimum)
    m, status = machine.run(initrd, "manifest=disk", [image.disk(**device)], extra=[*extra, "-trace", "virtio_blk_handle_read"])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(said)
    m.find(policy("virtio_blk0", "blocked", rf" \({minimum} was asked for; .+\)"))
    m.find(messages.POLICY_REFUSED)
    assert "virtio_blk_handle_read" not in m.stderr()


def test_g8_a_broken_dmar_means_no_dma(folder):
    image = disks.Image(folder, MiB)
    table = os.path.join(folder, "table")
    with open(table, "wb") as file:
        file.write(acpi.dmar(bytes(4)))  # a structure of length 0
    initrd = accepting(folder, "remapped-strict")
    m, status = machine.run(initrd, "manifest=disk", [image.disk(**qemu.OBEYS)], extra=["-acpitable", f"file={table}"])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.BROKEN_UNIT)
    m.find(policy("virtio_blk0", "blocked", r" \(remapped-strict was asked for; its DMAR is refused\)"))


def test_g8_twin_a_kernel_that_takes_every_device_for_one_that_obeys(folder):
    """It says `remapped-strict` of a device that reaches all memory."""
    image = disks.Image(folder, MiB)
    m = machine.start(archive.build(folder, ["disk"]), "manifest=disk", [image.disk()], extra=qemu.IOMMU, kernel=paths.TWIN)
    m.wait_for(policy("virtio_blk0", "remapped-strict"))


def test_g8_a_unit_that_is_not_there_means_no_dma(folder):
    image = disks.Image(folder, MiB)
    table = os.path.join(folder, "table")
    with open(table, "wb") as file:
        file.write(acpi.dmar(acpi.drhd()))
    initrd = accepting(folder, "remapped-strict")
    m, status = machine.run(initrd, "manifest=disk", [image.disk(**qemu.OBEYS)], extra=["-acpitable", f"file={table}"])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.UNIT_NOT_USED)
    m.find(policy("virtio_blk0", "blocked", r" \(remapped-strict was asked for; the IOMMU unit in front of it is not used\)"))


# ---- memory that firmware reserved ----

EDU_SCOPE = acpi.scope(1, 0, (6, 0))
RESERVED = {
    "firmware's": (0xF0000, 0xF0FFF, EDU_SCOPE, "remapped-strict", messages.RESERVED_KEPT),
    "ram": (0x8000000, 0x8000FFF, EDU_SCOPE, "blocked", messages.RESERVED_REFUSED),
    "the interrupt messages": (0xFEE00000, 0xFEE00FFF, EDU_SCOPE, "blocked", messages.RESERVED_REFUSED),
    "the unit's registers": (0xFED90000, 0xFED90FFF, EDU_SCOPE, "blocked", messages.RESERVED_REFUSED),
    "configuration space": (acpi.ECAM_BASE + 0x30000, acpi.ECAM_BASE + 0x30FFF, EDU_SCOPE, "blocked", messages.RESERVED_REFUSED),
    "registers of devices": (0xFE000000, 0xFEBFFFFF, EDU_SCOPE, "blocked", messages.RESERVED_REFUSED),
    "another device's": (0x8000000, 0x8000FFF, acpi.scope(1, 0, (9, 0)), "remapped-strict", None),
}


def with_reserved(folder, base, limit, scope, kernel=None):
    """A machine whose firmware reserves this for the devices of `scope`."""
    dmar = acpi.dmar(acpi.drhd(acpi.scope(3, 0xFF, (0, 0))), acpi.rmrr(base, limit, scope))
    tables = acpi.options(folder, [acpi.madt(), acpi.mcfg(), dmar])
    return machine.start(
        archive.build(folder, ["dma_attack"]),
        "manifest=dma_attack args.attack=sweep=none",
        [disks.Image(folder, MiB).disk(**qemu.OBEYS)],
        extra=[*tables, *qemu.IOMMU, *EDU],
        kernel=kernel,
    )


@pytest.mark.parametrize("whose", RESERVED)
def test_g8_reserved_memory_is_for_its_device_and_only_if_it_makes_sense(whose, folder):
    base, limit, scope, given, said = RESERVED[whose]
    m = with_reserved(folder, base, limit, scope)
    m.wait_for(policy("attack", given, "( .*)?"))
    for text in (messages.RESERVED_KEPT, messages.RESERVED_REFUSED):
        assert bool(m.find_all(text)) == (text == said)


@pytest.mark.parametrize("whose", ["ram", "the unit's registers"])
def test_twin_g8_a_kernel_that_does_what_firmware_says(whose, folder):
    base, limit, scope, _, _ = RESERVED[whose]
    m = with_reserved(folder, base, limit, scope, paths.TWIN)
    m.wait_for(policy("attack", "remapped-strict", "( .*)?"))


# ---- what people see ----


def test_the_console_tells_units_and_policies_apart(folder):
    image = disks.Image(folder, MiB)
    m = machine.start(
        archive.build(folder, ["shell"]), "manifest=shell", [image.disk(**qemu.OBEYS)], extra=[*qemu.IOMMU, *EDU], typed=True
    )
    m.wait_for(messages.PROMPT_SHELL)
    m.wait_for(r"^process: reader exited with status 0$")
    m.write("iommu\ndma\nexit\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    m.find(r"^unit 0 VT-d segment 0, translation on, interrupt remapping on$")
    m.find(r"^unit 0 domains 1, invalidations [1-9]\d*, waits \d+, faults 0, full logs 0$")
    m.find(r"^00:04\.0 group \d+ claimed virtio_blk0, policy remapped-strict, faults 0$")
    m.find(r"^00:06\.0 group \d+ unclaimed, blocked by the IOMMU$")
    m.find(r"^pool of virtio_blk0, mapped, reached as a whole: ")


# ---- the end of a driver ----


@pytest.mark.parametrize("behind, evidence", [(None, {"device-word"}), ("pcie-root-port", {"reset", "no-transactions"})])
def test_g10_pages_come_back_when_there_is_evidence(behind, evidence, folder):
    """A driver dies with its device at work. Behind a root port the device has FLR; without one it has only its word, and the
    IOMMU."""
    image = disks.Image(folder, MiB)
    port = [] if behind is None else ["-device", f"{behind},id=above,addr=3"]
    place = {} if behind is None else {"bus": "above", "addr": "0"}
    slow, group = disks.throttled(image, operations_per_second=1)
    slow.device.update(qemu.OBEYS | place)
    m, status = machine.run(
        archive.build(folder, ["dying_driver"]), "manifest=dying_driver", [slow], extra=[*qemu.IOMMU, *port, *group], timeout=60
    )
    assert status == qemu.EXIT_JOB_FAILED
    items = m.find(messages.DRIVER_SILENCED)["evidence"]
    for item in evidence | {"iommu-blocked", "fault-log-empty"}:
        assert f"{item} passed" in items
    assert "failed" not in items
    m.find(messages.READER_ABANDONED)
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"


def late_reads(folder, kernel=None):
    slow, group = disks.throttled(disks.Image(folder, MiB), operations_per_second=1, **qemu.OBEYS)
    words = archive.build(folder, ["late_read"]), "manifest=late_read", [slow]
    return machine.run(*words, extra=[*qemu.IOMMU, *group], kernel=kernel)


def test_g10_a_slow_disk_writes_nothing_into_what_came_back(folder):
    """QEMU has translated the addresses of a request when it queues it: that the IOMMU blocks is not enough, the device has
    to be reset."""
    m, status = late_reads(folder)
    assert status == qemu.EXIT_SUCCESS, m.text()
    m.find(messages.LATE_READS_OK)


def test_twin_g10_without_the_reset_it_does(folder):
    m, status = late_reads(folder, kernel=paths.TWIN)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.LATE_READS)
