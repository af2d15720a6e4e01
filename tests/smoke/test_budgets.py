# SPDX-License-Identifier: Apache-2.0
"""Budgets (rows F6, F9; G6): what processes and devices hold, counted from the objects, is what their ledgers say; and a run in
which the k-th charge of a kind is refused, for every k, ends with an error that names it, and with nothing left charged."""

import re

import pytest

from harness import archive, disks, machine, messages, paths, planted
from harness.disks import MiB

import qemu

AGREE = r"^the ledgers and the objects agree$"
DEVICE_ROW = r"^\d\S+: pool_bytes (?P<bytes>\d+), mmio_bytes (?P<mmio>\d+), buffers (?P<buffers>\d+), interrupts (?P<irq>\d+), "


def shell(folder, kernel=paths.KERNEL):
    disk, group = disks.throttled(disks.scratch(folder, 8 * MiB), operations_per_second=100, read_only=False, **qemu.OBEYS)
    m = machine.start(
        archive.build(folder, ["restart"]), "manifest=restart", [disk], extra=[*qemu.IOMMU, *group], typed=True, kernel=kernel
    )
    m.wait_for(messages.PROMPT_SHELL)
    m.wait_for(r"^virtio_blk0: virtio-blk: ")
    return m


def test_g6_devices_and_processes_have_the_same_in_their_books(folder):
    m = shell(folder)
    m.write("page off\n")
    with_the_clients_pool = False
    while not with_the_clients_pool:  # the client takes its pool when it is ready; the machine's time is limited
        asked = len(m.find_all(AGREE))
        m.write("ledger\n")
        m.wait_until(lambda: len(m.find_all(AGREE)) > asked, "the answer to `ledger`")
        row = m.find_all(DEVICE_ROW)[-1]
        with_the_clients_pool = int(row["bytes"]) > 4 * MiB // 2
    assert int(row["mmio"]) >= 3 * 4096 and int(row["irq"]) == 2
    m.find(r"^no device: pool_bytes 0, mmio_bytes 0, buffers 0, interrupts 0, in_flight 0$")


@pytest.mark.parametrize(
    "file, changes, what",
    [
        ("device/mmio.c", {"w->length);\n    w->device = NULL;": "0);\n    w->device = NULL;"}, "mmio_bytes"),
        ("proc/end.c", {"TN_CHARGE_MEMORY_PAGES, p->region[i].pages);": "TN_CHARGE_MEMORY_PAGES, p->region[i].pages - 1);"}, "memory_pages"),
        ("irq/route.c", {"TN_CHARGE_INTERRUPTS, 1);\n    r->holder": "TN_CHARGE_INTERRUPTS, 0);\n    r->holder"}, "interrupts"),
    ],
    ids=["windows", "memory", "routes"],
)
def test_twin_g6_a_refund_that_is_forgotten_is_a_panic(folder, file, changes, what):
    m = shell(folder, planted.kernel(folder, file, changes, image="tenure-checked.elf"))
    m.write("kill virtio_blk0\n")
    m.wait_for(rf"^panic: books: virtio_blk0 has [1-9]\d* {what} in its ledger, and objects for 0$")


# ---- the k-th charge is refused, for every k ----

# (process, key, values that are too little)
SWEEP = {
    ("virtio_blk0", "pool_bytes"): range(0, 24),  # in pages
    ("virtio_blk0", "mmio_bytes"): range(0, 4),
    ("virtio_blk0", "memory_pages"): range(1, 100),
    ("virtio_blk0", "buffers"): range(0, 2),
    ("virtio_blk0", "interrupts"): range(0, 3),
    ("virtio_blk0", "cap_slots"): range(1, 12),
    ("reader", "pool_bytes"): range(0, 1024, 64),
    ("reader", "memory_pages"): range(1, 120),
    ("reader", "buffers"): range(0, 8),
    ("reader", "in_flight"): range(0, 4),
    ("reader", "cap_slots"): range(1, 12),
}
PAGES = ("pool_bytes", "mmio_bytes")
SAMPLE = [
    ("virtio_blk0", "mmio_bytes", 1), ("virtio_blk0", "interrupts", 0), ("virtio_blk0", "memory_pages", 30),
    ("virtio_blk0", "cap_slots", 6), ("reader", "pool_bytes", 1), ("reader", "in_flight", 0), ("reader", "cap_slots", 4),
]  # fmt: skip
REFUSED = r"^(start: {process}: .*|{process}: .*(TN_EBUDGET|budget|TN_EEXHAUSTED|TN_E[A-Z]+).*)$"


def lessened(process, key, value):
    """The text of the manifest with one budget changed."""
    with open(archive.manifest_path("disk"), encoding="utf-8") as file:
        text = file.read()
    head, tail = text.split(f'name = "{process}"', 1)
    amount = value * 4096 if key in PAGES else value
    tail, changed = re.subn(rf"^{key} = .*$", f"{key} = {amount}", tail, count=1, flags=re.M)
    assert changed == 1
    return text, f'{head}name = "{process}"{tail}'


def refused(folder, process, key, value):
    """One run; true: what there was sufficed."""
    text, less = lessened(process, key, value)
    disk = disks.Image(folder, MiB)
    changed = archive.variant(folder, "disk", {text: less})
    m = machine.start(
        archive.build(folder, ["disk"], changed=changed),
        "manifest=disk",
        [disk.disk(**qemu.OBEYS)],
        extra=qemu.IOMMU,
        kernel=paths.CHECKED,
    )
    status = m.wait_end()
    m.lacks(messages.PANIC)
    if status == qemu.EXIT_SUCCESS:
        assert m.find(messages.READ)["sha256"] == disk.sha256()
        return True
    assert status == qemu.EXIT_JOB_FAILED, f"{process} {key} = {value}: {status}"
    m.find(REFUSED.format(process=process))
    if m.find_all(r"^MARK boot: first user$"):
        m.find(messages.CHARGES_AT_END)
        assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"
    return False


@pytest.mark.parametrize("process, key, value", SAMPLE)
def test_g6_a_charge_that_is_refused_ends_with_its_name(folder, process, key, value):
    assert not refused(folder, process, key, value)


@pytest.mark.long
@pytest.mark.parametrize("process, key", SWEEP)
def test_g6_each_charge_is_refused_in_turn(folder, process, key):
    """Less never suffices where more does not."""
    sufficed = [refused(folder, process, key, value) for value in SWEEP[(process, key)]]
    assert sufficed == sorted(sufficed) and not sufficed[0]
