# SPDX-License-Identifier: Apache-2.0
"""PCI machines of many shapes: what the kernel lists is what QEMU's own monitor lists, function by function."""

import re
from dataclasses import dataclass, field

import pytest

from harness import archive, disks, machine, messages, paths, planted, qmp
from harness.disks import MiB

import qemu

RNG = "virtio-rng-pci"


def devices(*words):
    return [w for word in words for w in ("-device", word)]


def multifunction(slots, functions=8, bus="pcie.0", kind=RNG):
    """`slots` devices of `functions` functions each, from slot 2 on."""
    return devices(
        *(
            f"{kind},bus={bus},addr={2 + slot:x}.{function},multifunction={'on' if function == 0 else 'off'}"
            for slot in range(slots)
            for function in range(functions)
        )
    )


DEEP = devices(
    "pcie-root-port,id=rp0,chassis=1,addr=2",
    "x3130-upstream,id=up0,bus=rp0",
    "xio3130-downstream,id=dn0,bus=up0,chassis=2,slot=0",
    "xio3130-downstream,id=dn1,bus=up0,chassis=2,slot=1",
    "pcie-pci-bridge,id=pp0,bus=dn0",
    "pci-bridge,id=pb0,bus=pp0,chassis_nr=3,addr=1",
    "pci-bridge,id=pb1,bus=pb0,chassis_nr=4,addr=1",
    "e1000,bus=pb1,addr=2",
    "edu,bus=pb1,addr=3",
    f"{RNG},bus=pp0,addr=3",
    "nvme,serial=1,bus=dn1",
    "pxb-pcie,id=px0,bus_nr=128,bus=pcie.0,addr=9",
    "pcie-root-port,id=rp1,bus=px0,chassis=9",
    "e1000e,bus=rp1",
)


@dataclass
class Shape:
    machine: str
    devices: list = field(default_factory=list)
    depth: int = 0
    left_out: int = 0


SHAPES = {
    "q35": Shape("q35"),
    "q35-8-devices": Shape("q35", devices(*[RNG] * 8)),
    "q35-iommu": Shape("q35", devices("intel-iommu", "pcie-root-port,id=rp0,chassis=1", f"{RNG},bus=rp0"), 1),
    "q35-deep": Shape("q35", DEEP, 6),
    "q35-100-devices": Shape("q35", multifunction(12, kind="edu") + devices(*[f"{RNG},addr={16 + n:x}" for n in range(4)])),
    "q35-more-than-256": Shape(
        "q35",
        multifunction(24, kind="edu") + devices("pci-bridge,id=pb0,chassis_nr=1,addr=1c") + multifunction(8, 8, "pb0", "edu"),
        1,
        left_out=5,  # 24 * 8 + the bridge + 8 * 8, the host bridge and 3 of the chipset, less 256
    ),
    "pc": Shape("pc", devices(RNG, "pci-bridge,id=pb0,chassis_nr=1", "e1000,bus=pb0,addr=1"), 1),
}


def boot(folder, shape, append="manifest=disk", kernel=None, mcfg=True):
    """A machine that has said all about PCI and still runs (it cannot end: it has no isa-debug-exit), and what QEMU says."""
    monitor = qmp.Monitor(folder)
    words = qemu.command_line(kernel or paths.KERNEL, None, append, extra=[*shape.devices, *monitor.options()])
    words[words.index("-M") + 1] = shape.machine
    at = words.index("isa-debug-exit,iobase=0xf4,iosize=4")
    del words[at - 1 : at + 1]
    m = machine.start_words(words, timeout=90)
    monitor.connect()
    m.wait_for(messages.END)
    functions = monitor.functions()
    m.kill()
    return m, functions


def listed(m):
    """bdf -> qmp.Function, as the kernel's log has it."""
    found, order = {}, []
    for line in m.lines:
        if match := re.search(messages.FUNCTION, line.text):
            bdf, bars, buses = match["bdf"], [], ()
            order.append(bdf)
        elif match := re.search(messages.BAR, line.text):
            bars.append((int(match["number"]), match["kind"], bool(match["prefetchable"]), int(match["size"], 16)))
        elif match := re.search(messages.BRIDGE_BUSES, line.text):
            buses = (int(match["secondary"]), int(match["subordinate"]))
        else:
            continue
        head = re.search(messages.FUNCTION, next(x.text for x in m.lines if f"pci: {bdf} " in x.text))
        found[bdf] = qmp.Function(bdf, head["id"], int(head["class"], 16) >> 8, tuple(sorted(bars)), buses)
    assert order == sorted(order) and len(order) == len(set(order)), "the order is that of bus, device and function"
    return found


@pytest.mark.parametrize("name", SHAPES)
def test_the_functions_are_those_that_qemu_lists(folder, name):
    shape = SHAPES[name]
    m, expected = boot(folder, shape)
    found = listed(m)
    if shape.left_out:
        assert len(found) == 256 and set(found) <= set(expected)
        assert len(expected) - len(found) == shape.left_out
        assert int(m.find(messages.LEFT_OUT)["count"]) == shape.left_out
        expected = {bdf: expected[bdf] for bdf in found}
    else:
        m.lacks(messages.LEFT_OUT)
    assert found == expected
    m.find(messages.BUSES)
    total = m.find(messages.FUNCTION_COUNT)
    assert (int(total["count"]), int(total["depth"])) == (len(found), shape.depth)
    m.lacks(messages.PCI_TROUBLE)


def groups(m):
    return {match["bdf"]: int(match["group"]) for match in m.find_all(messages.FUNCTION)}


def test_functions_behind_ports_with_acs_are_in_groups_of_their_own(folder):
    extra = devices("pcie-root-port,id=rp0,chassis=1,addr=2", "pcie-root-port,id=rp1,chassis=2,addr=3")
    extra += devices(f"{RNG},bus=rp0", f"{RNG},bus=rp1")
    m, _ = boot(folder, Shape("q35", extra))
    g = groups(m)
    assert len({g["00:02.0"], g["00:03.0"], g["01:00.0"], g["02:00.0"]}) == 4


def test_twin_the_same_functions_behind_ports_without_acs_are_one_group(folder):
    extra = devices("pcie-root-port,id=rp0,chassis=1,addr=2,disable-acs=on", "pcie-root-port,id=rp1,chassis=2,addr=3")
    extra += devices(f"{RNG},bus=rp0", f"{RNG},bus=rp1")
    m, _ = boot(folder, Shape("q35", extra))
    g = groups(m)
    assert len({g["00:02.0"], g["00:03.0"], g["01:00.0"], g["02:00.0"]}) == 1


def test_what_is_behind_a_bridge_to_conventional_pci_is_one_group(folder):
    m, functions = boot(folder, SHAPES["q35-deep"])
    g = groups(m)
    bridge = next(bdf for bdf, f in functions.items() if f.id == "1b36:000e")
    secondary, subordinate = functions[bridge].buses
    behind = [bdf for bdf in functions if secondary <= int(bdf[:2], 16) <= subordinate]
    assert len(behind) == 5 and {g[bdf] for bdf in behind} == {g[bridge]}


def test_capabilities_of_an_nvme_controller_are_named(folder):
    m, _ = boot(folder, Shape("q35", devices("pcie-root-port,id=rp0,chassis=1", "nvme,serial=1,bus=rp0")))
    line = next(x.text for x in m.lines if re.search(messages.FUNCTION, x.text) and " class 010802 " in x.text)
    assert ", express endpoint, FLR" in line and ", PM D0" in line
    m.find(r"^pci:   MSI-X 65 entries, table BAR0\+2000, PBA BAR0\+3000$")


def test_a_disk_is_read_on_a_machine_without_ecam(folder):
    image = disks.Image(folder, MiB)
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=disk", [image.disk()], extra=["-machine", "pc"])
    assert status == qemu.EXIT_SUCCESS
    m.find(messages.NO_ECAM)
    m.find(messages.PORTS)
    assert m.find(messages.READ)["sha256"] == image.sha256()


def test_a_disk_is_read_behind_bridges(folder):
    image = disks.Image(folder, MiB)
    extra = devices("pcie-root-port,id=rp0,chassis=1,addr=8", "x3130-upstream,id=up0,bus=rp0")
    extra += devices("xio3130-downstream,id=dn0,bus=up0,chassis=2,slot=0")
    disk = image.disk(bus="dn0", addr="0")
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=disk", [disk], extra=extra)
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == image.sha256()


@pytest.mark.parametrize("acpi", ["on", "off"])
def test_a_microvm_boots_and_says_what_it_does_not_have(folder, acpi):
    m, _ = boot(folder, Shape(f"microvm,acpi={acpi}"), kernel=paths.KERNEL)
    m.find(messages.NO_PCI)
    missing = m.find(messages.ACPI_MISSING)["names"].split()
    assert missing == (["MCFG", "DMAR", "HPET"] if acpi == "on" else ["MADT", "MCFG", "DMAR", "FADT", "HPET"])
    assert bool(m.find_all(messages.NO_RSDP)) == (acpi == "off")


BEHIND_BRIDGES = devices("pcie-root-port,id=rp0,chassis=1,addr=8", "pcie-pci-bridge,id=pp0,bus=rp0")


@pytest.mark.parametrize("where", ["root", "bridges"])
def test_what_firmware_left_without_addresses_gets_them(folder, where):
    """The twin kernel forgets every address before it scans; the disk is read all the same."""
    image = disks.Image(folder, MiB)
    disk = image.disk() if where == "root" else image.disk(bus="pp0", addr="3")
    extra = [] if where == "root" else BEHIND_BRIDGES
    m, status = machine.run(
        archive.build(folder, ["disk"]), "manifest=disk provoke=unplaced", [disk], extra=extra, kernel=paths.TWIN
    )
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == image.sha256()
    assert len(m.find_all(messages.BAR_PLACED)) >= 2
    assert len(m.find_all(messages.WINDOW_PLACED)) == (0 if where == "root" else 2 + 2)


def test_twin_without_addresses_given_the_disk_cannot_be_read(folder):
    image = disks.Image(folder, MiB)
    m, status = machine.run(
        archive.build(folder, ["disk"]), "manifest=disk provoke=unassigned", [image.disk()], kernel=paths.TWIN
    )
    assert status == qemu.EXIT_JOB_FAILED
    m.lacks(messages.READ_ANY)


@pytest.mark.parametrize("kind", ["loop", "overlap", "none"])
def test_bus_numbers_that_make_no_tree_are_said_and_the_boot_goes_on(folder, kind):
    """The twin kernel writes the bus numbers before it scans."""
    image = disks.Image(folder, MiB)
    extra = devices("pcie-root-port,id=rp0,chassis=1,addr=8", "pcie-root-port,id=rp1,chassis=2,addr=9")
    extra += devices(f"{RNG},bus=rp0", f"{RNG},bus=rp1")
    m, status = machine.run(
        archive.build(folder, ["disk"]), f"manifest=disk provoke=buses-{kind}", [image.disk()], extra=extra, kernel=paths.TWIN
    )
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == image.sha256()
    words = {"loop": "secondary bus is not above its own", "overlap": "bus numbers overlap", "none": "has no bus numbers"}
    assert words[kind] in m.find(messages.BRIDGE_FAULT)["what"]


def stuck(folder, changes=None):
    """A kernel that cannot clear the bit of the disk stands in for a disk that keeps it."""
    clear = "pci_write(&pci_ecam, bdf, PCI_COMMAND, 2, command & ~(uint32_t)PCI_COMMAND_BUS_MASTER);"
    changes = {clear: f"if (bdf != 4 << 3)\n        {clear}", **(changes or {})}
    kernel = planted.kernel(folder, "pci/scan.c", changes, "tenure-checked.elf")
    image = disks.Image(folder, MiB)
    return machine.run(archive.build(folder, ["disk"]), "manifest=disk", [image.disk()], kernel=kernel)


def test_g8_a_function_that_goes_on_mastering_the_bus_is_handed_to_nobody(folder):
    m, status = stuck(folder)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(r"^pci: 00:04\.0: bus mastering does not go off: it is not used, ")
    m.find(r"^pci: 00:04\.0 .*, not used\b(?!.*: cleared)")
    m.lacks(messages.READ_ANY)


def test_twin_g8_one_that_is_handed_out_is_noticed(folder):
    m, status = stuck(folder, {"f.header = PCI_HEADER_STUCK;": "f.header = PCI_HEADER_ENDPOINT;"})
    assert status == qemu.EXIT_SUCCESS
    m.find(messages.READ)
