# SPDX-License-Identifier: Apache-2.0
"""Reading whole disks through the user-mode driver: sizes, block sizes, depth, memory sizes."""

import pytest

from harness import archive, disks, machine, messages
from harness.disks import MiB

import qemu


def read_all(folder, disk, **machine_options):
    """Boots one driver and one reader on `disk`; returns the reader's closing line."""
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=disk", [disk], **machine_options)
    assert status == qemu.EXIT_SUCCESS, qemu.meaning(status)
    return m, m.find(messages.READ)


@pytest.mark.parametrize("size", [512, MiB + 512, 64 * MiB], ids=["one-sector", "1MiB+512", "64MiB"])
def test_all_of_a_disk_is_read_with_512_byte_blocks(folder, size):
    image = disks.Image(folder, size)
    m, read = read_all(folder, image.disk(), timeout=120)
    assert (int(read["bytes"]), read["sha256"]) == (size, image.sha256())
    assert m.find(messages.DISK)["block"] == "512"


@pytest.mark.parametrize("size", [4096, MiB + 4096, 64 * MiB], ids=["one-block", "1MiB+4096", "64MiB"])
def test_all_of_a_disk_is_read_with_4096_byte_blocks(folder, size):
    image = disks.Image(folder, size)
    m, read = read_all(folder, image.disk(block_bytes=4096), timeout=120)
    assert (int(read["bytes"]), read["sha256"]) == (size, image.sha256())
    assert m.find(messages.DISK)["block"] == "4096"


@pytest.mark.parametrize("access", ["read-only", "read-write"])
def test_the_reader_says_whether_the_disk_can_be_written(folder, access):
    image = disks.Image(folder, MiB)
    m, _ = read_all(folder, image.disk(read_only=access == "read-only"))
    assert m.find(messages.DISK)["access"] == access


def test_depth_32_is_reached_against_a_slow_disk(folder):
    image = disks.Image(folder, 8 * MiB)
    disk, group = disks.throttled(image, operations_per_second=300)
    _, read = read_all(folder, disk, extra=group)
    assert int(read["max"]) == 32
    assert float(read["mean"]) > 16
    assert read["sha256"] == image.sha256()


def test_depth_32_is_reached_against_a_disk_with_latency(folder):
    _, read = read_all(folder, disks.null(16 * MiB, latency_ns=2_000_000))
    assert int(read["max"]) == 32


@pytest.mark.parametrize("depth", [1, 2, 128])
def test_the_number_of_requests_in_flight_is_what_the_arguments_say(folder, depth):
    m, status = machine.run(
        archive.build(folder, ["disk"]), f"manifest=disk args.reader=depth={depth}", [disks.null(32 * MiB, 2_000_000)]
    )
    assert status == qemu.EXIT_SUCCESS
    assert int(m.find(messages.READ)["max"]) == depth


@pytest.mark.parametrize("memory", [64, 256, 2048, 3000, 8192])
def test_the_job_runs_on_machines_of_64_mib_to_8_gib(folder, memory):
    image = disks.Image(folder, MiB)
    _, read = read_all(folder, image.disk(), memory=memory)
    assert read["sha256"] == image.sha256()


def test_the_second_disk_goes_to_the_driver_of_index_1(folder):
    """Two disks with different content: index picks by bus, device, function order."""
    first, second = disks.Image(folder, MiB, "first.img"), disks.scratch(folder)
    m, status = machine.run(archive.build(folder), disks=[first.disk(), second.disk(read_only=False)])
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == first.sha256()
    assert int(m.find(messages.VERIFY_OK)["bytes"]) == second.size


def test_two_boots_of_one_machine_list_the_same_functions(folder):
    image = disks.Image(folder, MiB)
    lists = []
    for _ in range(2):
        m, _ = read_all(folder, image.disk())
        lists.append([match.string for match in m.find_all(messages.FUNCTIONS)])
    assert lists[0] == lists[1] and lists[0]


@pytest.mark.long
def test_all_of_a_disk_of_1_gib_is_read(folder):
    image = disks.Image(folder, 1024 * MiB)
    _, read = read_all(folder, image.disk(), timeout=580)
    assert (int(read["bytes"]), read["sha256"]) == (image.size, image.sha256())


@pytest.mark.long
def test_all_of_a_disk_of_1_gib_is_read_with_4096_byte_blocks(folder):
    image = disks.Image(folder, 1024 * MiB)
    _, read = read_all(folder, image.disk(block_bytes=4096), timeout=580)
    assert (int(read["bytes"]), read["sha256"]) == (image.size, image.sha256())


DEVICE_SHAPES = {
    "queue-size-4": {"queue-size": 4},
    "queue-size-512": {"queue-size": 512},
    "no-indirect": {"indirect_desc": False},
    "four-queues": {"num-queues": 4},
    "one-msix-entry": {"vectors": 1},
    "packed-offered": {"packed": True},
    "access-platform": {"iommu_platform": True},
    "a-notification-in-ports": {"modern-pio-notify": True},
}


@pytest.mark.parametrize("shape", DEVICE_SHAPES)
def test_the_driver_takes_devices_of_other_shapes(folder, shape):
    image = disks.Image(folder, MiB)
    _, read = read_all(folder, image.disk(**DEVICE_SHAPES[shape]))
    assert read["sha256"] == image.sha256()


def test_a_device_without_msix_is_refused_with_the_reason(folder):
    image = disks.Image(folder, MiB)
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=disk", [image.disk(vectors=0)])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.NO_MSIX)
    m.lacks(messages.READ_ANY)


@pytest.mark.parametrize(
    "bridges",
    [
        ["pcie-root-port,id=b,chassis=1"],
        ["pcie-root-port,id=p,chassis=1", "pcie-pci-bridge,id=q,bus=p", "pci-bridge,id=b,bus=q,chassis_nr=9"],
    ],
    ids=["root-port", "three-deep"],
)
def test_a_disk_behind_bridges_is_found_and_read(folder, bridges):
    image = disks.Image(folder, MiB)
    extra = [word for bridge in bridges for word in ("-device", bridge)]
    disk = image.disk(bus="b", addr="1" if len(bridges) > 1 else "0")
    _, read = read_all(folder, disk, extra=extra)
    assert read["sha256"] == image.sha256()
