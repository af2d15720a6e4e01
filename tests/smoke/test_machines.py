# SPDX-License-Identifier: Apache-2.0
"""Rows of machines that must boot and do the whole default job: loaders and firmware, processors, sizes of memory."""

import os
import shutil

import pytest

from harness import archive, disks, machine, messages, paths
from harness.disks import MiB

import mkiso
import qemu

OVMF = "/usr/share/OVMF"


def does_the_job(folder, extra=(), memory=256, loader=None):
    """The default manifest on this machine; returns the machine."""
    disk, scratch = disks.Image(folder, MiB), disks.scratch(folder, MiB)
    m, status = machine.run(
        archive.build(folder), "manifest=read", [disk.disk(), scratch.disk(read_only=False)], extra=extra, memory=memory,
        loader=loader, timeout=120,
    )
    assert status == qemu.EXIT_SUCCESS, m.text()
    assert m.find(messages.READ)["sha256"] == disk.sha256()
    return m


ROWS = {
    "64 MiB": dict(memory=64),
    "8 GiB": dict(memory=8192),
    "two processors": dict(extra=["-smp", "2"]),
    "an old processor": dict(extra=["-cpu", "qemu64"]),
    "eight sockets": dict(extra=["-smp", "8,sockets=8"]),
}


@pytest.mark.parametrize("row", ROWS)
def test_the_default_job_is_done_on_a_machine_with(row, folder):
    m = does_the_job(folder, **ROWS[row])
    if row == "two processors":
        assert m.find(messages.PARKED)["parked"] == "1"
    elif row == "eight sockets":
        assert m.find(messages.PARKED)["parked"] == "7"
    else:
        m.lacks(messages.PARKED)
    if row == "an old processor":
        assert m.find(messages.PROTECTION)["smap"] == "absent"


@pytest.mark.parametrize("firmware", ["BIOS", "UEFI"])
def test_the_default_job_is_done_when_grub_starts_it(firmware, folder):
    """By multiboot2: the RSDP comes in a tag, and on UEFI from nowhere else."""
    image = os.path.join(folder, "tenure.iso")
    mkiso.make(paths.KERNEL, archive.build(folder), image, "manifest=read")
    words = ["-cdrom", image]
    if firmware == "UEFI":
        variables = os.path.join(folder, "vars.fd")
        shutil.copyfile(f"{OVMF}/OVMF_VARS.fd", variables)
        words += ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF}/OVMF_CODE.fd"]
        words += ["-drive", f"if=pflash,format=raw,file={variables}"]
    m = does_the_job(folder, loader=words)
    m.find(messages.MULTIBOOT2)


def test_an_image_that_cannot_be_made_is_refused(folder):
    for words, kernel in (("manifest=read;reboot", paths.KERNEL), ("manifest=read", os.path.join(folder, "nothing"))):
        with pytest.raises(mkiso.IsoError):
            mkiso.make(kernel, archive.build(folder), os.path.join(folder, "x.iso"), words)
    assert not os.path.exists(os.path.join(folder, "x.iso"))
