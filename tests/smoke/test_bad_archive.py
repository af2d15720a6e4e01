# SPDX-License-Identifier: Apache-2.0
"""Archives, manifests and images that are wrong: a clear message that names the thing, a failure status, no hang."""

import os

import pytest

from harness import archive, disks, elf, machine, messages
from harness.disks import MiB

import qemu


@pytest.fixture
def disk(folder):
    return disks.Image(folder, MiB)


def cut(folder, path, size):
    shorter = os.path.join(folder, "cut.cpio")
    with open(path, "rb") as source, open(shorter, "wb") as file:
        file.write(source.read()[:size])
    return shorter


@pytest.mark.parametrize("where", ["trailer", "middle", "first header"])
def test_a_truncated_archive_is_refused_with_a_message(folder, disk, where):
    whole = archive.build(folder, ["disk"])
    with open(whole, "rb") as file:
        trailer = file.read().rindex(b"TRAILER!!!")
    size = {"trailer": trailer + 4, "middle": trailer // 2, "first header": 50}[where]
    m, status = machine.run(cut(folder, whole, size), "manifest=disk", [disk.disk()])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.BAD_ARCHIVE)
    m.lacks(messages.READ_ANY)


def test_no_archive_at_all_is_refused_with_a_message(disk):
    m, status = machine.run(None, "manifest=disk", [disk.disk()])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.NO_ARCHIVE)


def test_a_manifest_that_is_not_in_the_archive_is_named(folder, disk):
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=nosuch", [disk.disk()])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.NO_MANIFEST)


@pytest.mark.parametrize("damage", ["magic", "version", "short", "count", "name"])
def test_a_damaged_compiled_manifest_is_refused(folder, disk, damage):
    binary = bytearray(archive.entries(["disk"])["manifest/disk.bin"])
    if damage == "magic":
        binary[0] ^= 1
    elif damage == "version":
        binary[4] = 99
    elif damage == "short":
        del binary[-100:]
    elif damage == "count":
        binary[12:16] = (0xFFFFFFFF).to_bytes(4, "little")
    elif damage == "name":
        binary[48 : 48 + 32] = b"A" * 32  # no NUL
    initrd = archive.build(folder, [], changed={"manifest/broken.bin": bytes(binary)})
    m, status = machine.run(initrd, "manifest=broken", [disk.disk()])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.BAD_MANIFEST)
    m.lacks(messages.READ_ANY)


# place in the entry of a process (flags, restart.limit), and what is wrong about the value there
@pytest.mark.parametrize("at, value", [(352, 1 << 5), (352, 1 << 4), (416, 3)], ids=["flag", "two supervisors", "nobody to"])
def test_a_compiled_manifest_that_starts_again_what_it_cannot_is_refused(folder, disk, at, value):
    binary = bytearray(archive.entries(["disk"])["manifest/disk.bin"])
    size = (len(binary) - 48) // 2
    for process in range(2):
        place = 48 + process * size + at
        word = int.from_bytes(binary[place : place + 4], "little") | value
        binary[place : place + 4] = word.to_bytes(4, "little")
    initrd = archive.build(folder, [], changed={"manifest/broken.bin": bytes(binary)})
    m, status = machine.run(initrd, "manifest=broken", [disk.disk()])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.BAD_MANIFEST)


@pytest.mark.parametrize("kind", ["pages", "pool"])
def test_g6_a_budget_above_the_machine_is_refused(folder, disk, kind):
    name = f"greedy_{kind}"
    m, status = machine.run(archive.build(folder, [name]), f"manifest={name}", [disk.disk()])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.OVER_BUDGET)
    m.lacks(messages.READ_ANY)


def test_twin_g6_the_same_job_within_the_machine_is_done(folder, disk):
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=disk", [disk.disk()])
    assert status == qemu.EXIT_SUCCESS
    m.lacks(messages.OVER_BUDGET)


S = elf.Segment
BAD_IMAGES = {
    "overlap": (elf.image([S(0x400000, 0x3000), S(0x401000, 0x1000, flags=elf.R | elf.W)]), messages.ELF_OVERLAP),
    "same-page": (elf.image([S(0x400000, 0x100), S(0x400800, 0x100, flags=elf.R | elf.W)]), messages.ELF_OVERLAP),
    "kernel-address": (
        elf.image([S(0xFFFFFFFF80000000)], entry=0xFFFFFFFF80000000),
        messages.ELF_KERNEL_ADDRESS,
    ),
    "wraps": (elf.image([S(0x400000), S(0xFFFFFFFFFFFFF000, 0x2000)]), messages.ELF_REFUSED),
    "non-canonical": (elf.image([S(0x400000), S(0x0000800000000000)]), messages.ELF_REFUSED),
    "page-zero": (elf.image([S(0x0)], entry=0), messages.ELF_REFUSED),
    "file-larger-than-memory": (elf.image([S(0x400000, 0x1000, 0x2000)]), messages.ELF_REFUSED),
    "beyond-the-file": (elf.image([S(0x400000, 0x100000, 0x100000)]), messages.ELF_REFUSED),
    "offset-wraps": (elf.image([S(0x400000, 0x1000, 0x1000, offset=0xFFFFFFFFFFFFF000)]), messages.ELF_REFUSED),
    "write-and-execute": (elf.image([S(0x400000, flags=7)]), messages.ELF_REFUSED),
    "entry-outside": (elf.image([S(0x400000)], entry=0x500000), messages.ELF_REFUSED),
    "no-segments": (elf.image([]), messages.ELF_REFUSED),
    "other-machine": (elf.image([S(0x400000)], machine=183), messages.ELF_REFUSED),
    "short-header": (elf.image([S(0x400000)], truncate=40), messages.ELF_REFUSED),
    "short-segments": (elf.image([S(0x400000)], truncate=80), messages.ELF_REFUSED),
    "empty": (b"", messages.ELF_REFUSED),
    "huge": (elf.image([S(0x400000, 1 << 40)]), messages.ELF_TOO_BIG),
    "not-an-elf": (b"#!/bin/sh\necho no\n", messages.ELF_REFUSED),
}


@pytest.mark.parametrize("what", BAD_IMAGES)
def test_a_broken_image_is_named_and_nothing_of_the_manifest_starts(folder, disk, what):
    image, message = BAD_IMAGES[what]
    initrd = archive.build(folder, ["broken"], changed={"bin/broken": image})
    m, status = machine.run(initrd, "manifest=broken", [disk.disk()])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(message)
    m.lacks(messages.READ_ANY)
    m.lacks(messages.PANIC)
