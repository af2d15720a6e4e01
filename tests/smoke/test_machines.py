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


def does_the_job(folder, extra=(), memory=256, loader=None, spoil=lambda disk: None):
    """The default manifest on this machine; returns the machine. `spoil` changes the disk behind the comparison's back."""
    disk, scratch = disks.Image(folder, MiB), disks.scratch(folder, MiB)
    content = disk.sha256()
    spoil(disk)
    m, status = machine.run(
        archive.build(folder), "manifest=read", [disk.disk(), scratch.disk(read_only=False)], extra=extra, memory=memory,
        loader=loader, timeout=120,
    )
    assert status == qemu.EXIT_SUCCESS, m.text()
    assert m.find(messages.READ)["sha256"] == content
    return m


RAM_MIB = {"64 MiB": (56, 64), "8 GiB": (8000, 8192)}  # of the others: of 256

ROWS = {
    "64 MiB": dict(memory=64),
    "8 GiB": dict(memory=8192),
    "two processors": dict(extra=["-smp", "2"]),
    "an old processor": dict(extra=["-cpu", "qemu64"]),
    "eight sockets": dict(extra=["-smp", "8,sockets=8"]),
}


def check_row(row, m):
    """What a machine of this row must say of itself."""
    if row == "two processors":
        assert m.find(messages.PARKED)["parked"] == "1"
    elif row == "eight sockets":
        assert m.find(messages.PARKED)["parked"] == "7"
    else:
        m.lacks(messages.PARKED)
    if row == "an old processor":
        assert m.find(messages.PROTECTION)["smap"] == "absent"
    else:
        assert m.find(messages.PROTECTION)["smap"] == "on"
    low, high = RAM_MIB.get(row, (200, 256))
    assert low <= int(m.find(messages.RAM)["mib"]) <= high


@pytest.mark.parametrize("row", ROWS)
def test_the_default_job_is_done_on_a_machine_with(row, folder):
    check_row(row, does_the_job(folder, **ROWS[row]))


def wide_bar(folder, size):
    path = os.path.join(folder, "memory")
    with open(path, "w", encoding="ascii"):
        pass  # sparse: QEMU gives it its size
    backend = f"memory-backend-file,id=wide,size={size},mem-path={path},share=on,reserve=off"
    return ["-object", backend, "-device", "ivshmem-plain,memdev=wide"]


def test_what_firmware_puts_beyond_the_processors_addresses_moves(folder):
    """Firmware places 32 GiB at 32 GiB, and virtio's BARs behind it: above what 36 bits can name."""
    m = does_the_job(folder, extra=["-cpu", "core2duo,phys-bits=36", *wide_bar(folder, "32G")])
    assert len(m.find_all(messages.BAR_PLACED)) == 2
    m.lacks(messages.BAR_NO_ROOM)


@pytest.mark.parametrize("cpu, size", [("core2duo,phys-bits=36", "64G"), ("max", "1024G")])
def test_a_bar_wider_than_what_the_processor_addresses_has_no_place(cpu, size, folder):
    """And is in nobody's way: the disk beside it is read."""
    m = does_the_job(folder, extra=["-cpu", cpu, *wide_bar(folder, size)])
    assert len(m.find_all(messages.BAR_NO_ROOM)) == 1


@pytest.fixture(scope="module")
def another(tmp_path_factory):
    return does_the_job(str(tmp_path_factory.mktemp("another")), extra=["-smp", "3"], memory=100)


@pytest.mark.parametrize("row", ROWS)
def test_twin_another_machine_is_not_taken_for_one_with(row, another):
    """The negative twin: the same checks on a machine that does its job and is none of the rows."""
    with pytest.raises(AssertionError):
        check_row(row, another)


@pytest.mark.parametrize("rest", [1, 200])
def test_a_command_line_that_is_too_long_runs_no_manifest(rest, folder):
    """The word behind the first 1023 characters names another manifest, or changes the one that is there."""
    words = "manifest=disk".ljust(1023 - len("manifest=read")) + "manifest=read" + "x" * rest
    m, status = machine.run(archive.build(folder, ["disk", "read"]), words)
    assert status == qemu.EXIT_PANIC
    m.find(messages.LONG_COMMAND_LINE)
    m.lacks(r"^manifest: ")


def test_args_that_are_too_long_are_not_those_of_the_manifest(folder):
    words = "manifest=disk args.reader=depth=" + "0" * 300 + "1"
    m, status = machine.run(archive.build(folder, ["disk"]), words, [disks.Image(folder, MiB).disk()])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(r"^start: reader: its args on the command line have more than \d+ characters$")
    m.lacks(messages.READ_ANY)


def test_twin_a_command_line_of_just_that_length_is_used(folder):
    disk = disks.Image(folder, MiB)
    words = "manifest=read".ljust(1023 - len("manifest=disk")) + "manifest=disk"
    m, status = machine.run(archive.build(folder, ["disk", "read"]), words, [disk.disk()])
    assert status == qemu.EXIT_SUCCESS
    m.find(r"^manifest: disk, ")


def test_the_name_of_a_manifest_that_is_too_long_is_said(folder):
    m, status = machine.run(archive.build(folder, ["disk"]), "manifest=" + "disk" * 8)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(rf"^manifest: {'disk' * 8} has 32 characters, at most \d+$")


def one_byte(disk):
    with open(disk.path, "r+b") as file:
        file.seek(disk.size // 2)
        byte = file.read(1)[0]
        file.seek(disk.size // 2)
        file.write(bytes([byte ^ 1]))


def test_twin_a_job_that_reads_one_wrong_bit_is_noticed(folder):
    """The negative twin: the job succeeds, and what it read is not what was to be read."""
    with pytest.raises(AssertionError, match="sha256|=="):
        does_the_job(folder, spoil=one_byte)


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
