# SPDX-License-Identifier: Apache-2.0
"""Writing, flushing and verifying through the user-mode driver, checked from outside afterwards."""

import pytest

from harness import archive, disks, machine, messages
from harness.disks import MiB

import pattern
import qemu


def write_all(folder, disk, args="", manifest="verify"):
    append = f"manifest={manifest}" + (f" args.writer={args}" if args else "")
    return machine.run(archive.build(folder, [manifest]), append, [disk])


@pytest.mark.parametrize("block", [512, 4096])
@pytest.mark.parametrize("size", [4096, MiB + 4096], ids=["4KiB", "1MiB+4KiB"])
def test_what_the_guest_wrote_is_in_the_image(folder, block, size):
    image = disks.scratch(folder, size)
    m, status = write_all(folder, image.disk(read_only=False, block_bytes=block))
    assert status == qemu.EXIT_SUCCESS
    verify = m.find(messages.VERIFY_OK)
    assert int(verify["bytes"]) == size
    assert pattern.first_difference(image.path, int(verify["seed"], 16), size) is None


def test_one_sector_is_written(folder):
    image = disks.scratch(folder, 512)
    m, status = write_all(folder, image.disk(read_only=False))
    assert status == qemu.EXIT_SUCCESS
    verify = m.find(messages.VERIFY_OK)
    assert pattern.first_difference(image.path, int(verify["seed"], 16), 512) is None


def test_seed_and_length_come_from_the_arguments(folder):
    image = disks.scratch(folder, MiB)
    seed = disks.random_of("verify").randrange(1 << 64)
    m, status = write_all(folder, image.disk(read_only=False), f"seed={seed:#x},bytes=65536")
    assert status == qemu.EXIT_SUCCESS
    verify = m.find(messages.VERIFY_OK)
    assert (int(verify["seed"], 16), int(verify["bytes"])) == (seed, 65536)
    assert pattern.first_difference(image.path, seed, 65536) is None
    with open(image.path, "rb") as file:
        file.seek(65536)
        assert not any(file.read()), "nothing beyond bytes= may be written"


def test_twin_the_outside_check_sees_one_wrong_byte(folder):
    image = disks.scratch(folder, 8192)
    with open(image.path, "wb") as file:
        content = bytearray(pattern.content(7, 0, 8192))
        content[5000] ^= 1
        file.write(content)
    assert pattern.first_difference(image.path, 7, 8192) == 5000


def test_a_read_only_disk_refuses_the_writer_and_stays_as_it_is(folder):
    image = disks.Image(folder, MiB)
    before = image.sha256()
    m, status = write_all(folder, image.disk(read_only=True))
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.WRITER_READ_ONLY)
    assert image.sha256() == before


def test_a_session_with_only_the_right_to_read_cannot_write(folder):
    image = disks.Image(folder, MiB)
    before = image.sha256()
    m, status = write_all(folder, image.disk(read_only=False), manifest="verify_read_right")
    assert status == qemu.EXIT_JOB_FAILED
    m.lacks(messages.VERIFY_OK)
    assert image.sha256() == before
