# SPDX-License-Identifier: Apache-2.0
"""Machines that lack something, and devices that fail: a clear message, a failure status, no hang, no damage."""

import pytest

from harness import archive, disks, machine, messages, qmp
from harness.disks import MiB

import qemu

READS_AND_WRITES = ["-trace", "virtio_blk_handle_read", "-trace", "virtio_blk_handle_write"]


def test_no_disk_at_all_names_the_device_that_is_missing(folder):
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=disk")
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.NO_DEVICE)
    m.lacks(messages.READ_ANY)


def test_an_absent_device_is_named_with_its_id_and_index(folder):
    image = disks.Image(folder, MiB)
    m, status = machine.run(archive.build(folder, ["ghost"]), "manifest=ghost", [image.disk()])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.NO_SUCH_DEVICE)


def test_without_the_drivers_image_no_byte_of_the_disk_is_readable(folder):
    image = disks.Image(folder, MiB)
    initrd = archive.build(folder, ["disk"], without=["virtio_blk"])
    m, status = machine.run(initrd, "manifest=disk", [image.disk()], extra=READS_AND_WRITES)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.NO_IMAGE)
    m.lacks(messages.READ_ANY)
    assert "virtio_blk_handle_" not in m.stderr(), "something read the disk"


def test_twin_g8_the_trace_sees_reads_when_the_driver_has_its_pool(folder):
    image = disks.Image(folder, MiB)
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=disk", [image.disk()], extra=READS_AND_WRITES)
    assert status == qemu.EXIT_SUCCESS
    assert "virtio_blk_handle_read" in m.stderr()


def test_g8_a_driver_without_the_policy_trusted_gets_no_pool_and_no_dma(folder):
    image = disks.Image(folder, MiB)
    initrd = archive.build(folder, ["blocked"])
    m, status = machine.run(initrd, "manifest=blocked", [image.disk()], extra=READS_AND_WRITES)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.POLICY_REFUSED)
    m.lacks(messages.READ_ANY)
    assert "virtio_blk_handle_" not in m.stderr(), "something read the disk"


def test_a_read_error_of_the_device_reaches_the_reader_as_such(folder):
    image = disks.Image(folder, MiB)
    disk = disks.failing(image, "read", sector=1024, read_only=True)
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=disk", [disk])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.READ_ERROR)
    m.lacks(messages.READ)


@pytest.mark.parametrize("iotype", ["write", "flush"])
def test_a_write_or_flush_error_of_the_device_fails_the_verification(folder, iotype):
    image = disks.scratch(folder, MiB)
    disk = disks.failing(image, iotype, sector=None if iotype == "flush" else 512)
    m, status = machine.run(archive.build(folder, ["verify"]), "manifest=verify", [disk])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.VERIFY_FAIL)
    m.lacks(messages.VERIFY_OK)


def test_a_device_that_does_not_offer_a_required_feature_is_refused(folder):
    """A legacy device has no VIRTIO_F_VERSION_1 (and the id of the transitional kind, which the manifest asks for)."""
    image = disks.Image(folder, MiB)
    disk = image.disk(**{"disable-legacy": "off", "disable-modern": True})
    m, status = machine.run(archive.build(folder, ["legacy"]), "manifest=legacy", [disk])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.MISSING_FEATURE)
    m.lacks(messages.READ_ANY)


RESIZED = r"^virtio_blk0: the device has (?P<sectors>\d+) sectors now; this driver keeps the capacity it started with, 1048576 bytes$"


def test_a_disk_that_grows_while_it_is_read_is_said_and_read_as_it_was(folder):
    image = disks.Image(folder, MiB)
    before = image.sha256()
    disk, group = disks.throttled(image, operations_per_second=4, read_only=False, **{"request-merging": False})
    monitor = qmp.Monitor(folder)
    m = machine.start(archive.build(folder, ["disk"]), "manifest=disk", [disk], extra=[*group, *monitor.options()])
    m.wait_for(messages.DRIVER_UP)
    monitor.connect()
    monitor.ask("block_resize", **{"node-name": "disk0", "size": 2 * MiB})
    assert m.wait_end() == qemu.EXIT_SUCCESS
    assert m.find(RESIZED)["sectors"] == "4096"
    assert m.find(messages.READ)["sha256"] == before
