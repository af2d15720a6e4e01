# SPDX-License-Identifier: Apache-2.0
"""Disks for machines under test. Content comes from the run's seed, which is printed and can be given again."""

import hashlib
import os
import random

from harness import paths  # noqa: F401  (the tools' path)

import mkdisk
import qemu

SEED = int(os.environ.get("TENURE_SEED", "1"), 0)
MiB = 1 << 20


class Image:
    """A raw image file of random content."""

    def __init__(self, folder, size, name="disk.img", content=None):
        self.path = os.path.join(folder, name)
        self.size = size
        if content is None:
            mkdisk.write(self.path, size, SEED)
        else:
            with open(self.path, "wb") as file:
                file.write(content)
                file.truncate(size)

    def sha256(self):
        with open(self.path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def backend(self, read_only=True):
        return qemu.file_backend(self.path, read_only)

    def disk(self, read_only=True, block_bytes=512, **device):
        return qemu.Disk(self.backend(read_only), block_bytes, **device)


def scratch(folder, size=4 * MiB, name="scratch.img"):
    """A zeroed image."""
    return Image(folder, size, name, content=b"")


def null(size, latency_ns=0):
    """No storage behind it: reads give zeros, each after `latency_ns` of host time."""
    return qemu.Disk({"driver": "null-co", "size": size, "read-zeroes": True, "latency-ns": latency_ns})


def throttled(image, operations_per_second, read_only=True, **device):
    """(disk, further words for QEMU): an image behind a throttle, so that requests queue up."""
    group = ["-object", f"throttle-group,id=slow,x-iops-total={operations_per_second}"]
    backend = {"driver": "throttle", "throttle-group": "slow", "read-only": read_only, "file": image.backend(read_only)}
    return qemu.Disk(backend, **device), group


def failing(image, iotype, sector, read_only=False):
    """An image on which requests of one kind ("read", "write", "flush") that touch a sector end with EIO."""
    fault = {"event": "none", "iotype": iotype, "errno": 5, "immediately": True}
    if sector is not None:
        fault["sector"] = sector
    image_backend = image.backend(read_only)
    backend = {"driver": "blkdebug", "read-only": read_only, "image": image_backend, "inject-error": [fault]}
    return qemu.Disk(backend, rerror="report", werror="report")


def random_of(name):
    """A generator of the run's seed for one use."""
    return random.Random(f"{SEED}/{name}")
