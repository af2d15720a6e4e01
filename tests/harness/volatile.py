# SPDX-License-Identifier: Apache-2.0
"""A disk with a volatile write cache that loses power: QEMU logs every write and flush on its way to the image (blklogwrites, the
format of Linux's dm-log-writes), and what survives is put together outside from the log: what came before a flush."""

import os
import struct

import qemu

MAGIC, VERSION = 0x6A736677736872, 1
SUPER = struct.Struct("<QQQI")  # magic, version, entries, bytes of a sector
ENTRY = struct.Struct("<QQQQ")  # first sector, sectors, flags, bytes of data; padded to a sector
FLUSH, DISCARD = 1 << 0, 1 << 2


def logged(image):
    """(disk, path of its log)"""
    log = image.path + ".log"
    with open(log, "wb"):
        pass
    backend = {
        "driver": "blklogwrites",
        "file": image.backend(read_only=False),
        "log": {"driver": "file", "filename": os.path.abspath(log)},
    }
    return qemu.Disk(backend, **qemu.OBEYS), log


def entries(log):
    """(offset, bytes, flags) of each, as far as the superblock says: up to the last flush at least."""
    with open(log, "rb") as file:
        content = file.read()
    magic, version, count, sector = SUPER.unpack_from(content)
    assert (magic, version) == (MAGIC, VERSION), "no log of writes"
    at = sector
    for _ in range(count):
        first, sectors, flags, _ = ENTRY.unpack_from(content, at)
        at += sector
        length = 0 if flags & DISCARD else sectors * sector
        yield first * sector, content[at : at + length], flags
        at += length


def survived(size, log, without=0):
    """The disk after a loss of power: every write before the last flush, and none after it. `without`: that many of the last
    flushes never came."""
    found = list(entries(log))
    flushes = [n for n, (_, _, flags) in enumerate(found) if flags & FLUSH]
    assert len(flushes) > without, f"{len(flushes)} flushes"
    disk = bytearray(size)
    for offset, content, _ in found[: flushes[-1 - without]]:
        disk[offset : offset + len(content)] = content
    return bytes(disk)
