# SPDX-License-Identifier: Apache-2.0
"""The machine Tenure runs on, as a QEMU command line: one place for `make run`, the harness and the benches."""

import json
import os
import stat

QEMU = "qemu-system-x86_64"

# isa-debug-exit makes (value << 1) | 1 of what the kernel writes. Ours, in the words of our tools:
EXIT_SUCCESS = 33
EXIT_JOB_FAILED = 35
EXIT_PANIC = 37
MEANING = {
    EXIT_SUCCESS: (0, "every job succeeded"),
    EXIT_JOB_FAILED: (1, "a job failed"),
    EXIT_PANIC: (2, "the kernel panicked"),
}


def meaning(status):
    """(exit status for the shell, words) of QEMU's exit status."""
    if status in MEANING:
        return MEANING[status]
    if status < 0:
        return (3, f"QEMU was ended by signal {-status}")
    return (3, f"QEMU ended with status {status}, which the kernel never gives")


class DiskError(Exception):
    """The disk that somebody named cannot be used; the message names it and says why."""


def check_disk(path):
    """Size in bytes of an image file or block device that can serve as a disk."""
    if not os.path.exists(path):
        raise DiskError(f'DISK "{path}": there is no such file')
    try:
        os.path.abspath(path).encode()
    except UnicodeEncodeError:
        raise DiskError(f'DISK "{path}": this name is not UTF-8, and QEMU takes no other; a link may have one that is')
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise DiskError(f'DISK "{path}" is a directory; an image file or a block device is needed')
    if not stat.S_ISREG(mode) and not stat.S_ISBLK(mode):
        raise DiskError(f'DISK "{path}" is neither an image file nor a block device')
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        raise DiskError(f'DISK "{path}" cannot be read: {error.strerror}')
    if size == 0:
        raise DiskError(f'DISK "{path}" is empty; a disk has at least one sector of 512 bytes')
    if size % 512:
        raise DiskError(f'DISK "{path}" has {size} bytes, which is not a multiple of 512 ({size % 512} too many)')
    return size


def file_backend(path, read_only):
    """A raw image file or block device as a blockdev."""
    driver = "host_device" if stat.S_ISBLK(os.stat(path).st_mode) else "file"
    return {
        "driver": "raw",
        "read-only": read_only,
        "auto-read-only": False,
        "file": {"driver": driver, "filename": os.path.abspath(path), "read-only": read_only},
    }


class Disk:
    """One virtio-blk device: a blockdev (a dict as QMP's blockdev-add takes it) and options of the device."""

    def __init__(self, backend, block_bytes=512, **device):
        self.backend = backend
        self.device = {"logical_block_size": block_bytes, "physical_block_size": block_bytes, **device}


# COM1 is this terminal, and ^C goes to the machine.
TERMINAL = "terminal"
TERMINAL_OPTIONS = ["-chardev", "stdio,id=com1,signal=off", "-serial", "chardev:com1"]

# Before every device: QEMU puts an IOMMU in front of what comes later. A virtio device obeys it only if it is told to.
IOMMU = ["-device", "intel-iommu"]
OBEYS = {"iommu_platform": True}

FIRST_DISK_ADDRESS = 4  # disks stand at 00:04.0, 00:05.0 …, so their order is that of the command line


def disk_options(disks):
    words = []
    for n, disk in enumerate(disks):
        words += ["-blockdev", json.dumps({**disk.backend, "node-name": f"disk{n}"})]
        device = {
            "driver": "virtio-blk-pci",
            "id": f"vd{n}",
            "drive": f"disk{n}",
            "addr": f"{FIRST_DISK_ADDRESS + n:#x}",
            "disable-legacy": "on",
            **disk.device,
        }
        words += ["-device", json.dumps(device)]
    return words


def command_line(kernel, initrd, append, disks=(), memory=256, serial="stdio", extra=(), loader=None):
    """`append`: the kernel's command line. `serial`: where COM1 goes. `extra`: further words for QEMU. `loader`: words for
    a machine that finds its kernel by itself, instead of kernel, initrd and append."""
    words = [QEMU, "-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", str(memory), "-nodefaults", "-no-user-config"]
    words += ["-display", "none", "-no-reboot"]
    words += TERMINAL_OPTIONS if serial == TERMINAL else ["-serial", serial]
    words += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    if loader is None:
        loader = ["-kernel", kernel, *(["-initrd", initrd] if initrd else []), "-append", append]
    return [*words, *loader, *extra, *disk_options(disks)]  # what a disk hangs on comes before it


def leashed(words):
    """The same command, which the kernel of this host ends when our process ends, however that happens."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *words]
