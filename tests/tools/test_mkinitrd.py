# SPDX-License-Identifier: Apache-2.0
"""The archive builder: what goes in comes out, and the same input gives the same bytes."""

import os
import subprocess
import time

from harness import paths

import mkinitrd


def members(path):
    output = subprocess.run(["cpio", "--list", "--quiet"], stdin=open(path, "rb"), capture_output=True, check=True).stdout
    return output.decode().splitlines()


def test_the_archive_is_newc_sorted_and_holds_what_went_in(folder):
    path = os.path.join(folder, "a.cpio")
    mkinitrd.pack(path, {"manifest/z.bin": b"zzz", "bin/b": b"bb", "bin/a": b""})
    with open(path, "rb") as file:
        data = file.read()
    assert data.startswith(b"070701")
    assert b"zzz" in data and b"bb" in data
    assert members(path) == ["bin/a", "bin/b", "manifest/z.bin"]


def test_the_same_input_gives_the_same_bytes_at_another_time(folder):
    archives = []
    for n in range(2):
        path = os.path.join(folder, f"{n}.cpio")
        mkinitrd.pack(path, {"bin/a": b"content", "manifest/b.bin": b"more"})
        with open(path, "rb") as file:
            archives.append(file.read())
        time.sleep(1.1)  # file times have whole seconds in this format
    assert archives[0] == archives[1]


def test_the_release_archive_holds_programs_and_manifests_only():
    names = members(os.path.join(paths.BUILD, "initrd.cpio"))
    assert "manifest/read.bin" in names and "bin/virtio_blk" in names
    for name in names:
        assert name.startswith("bin/") or (name.startswith("manifest/") and name.endswith(".bin")), name


def test_a_file_that_does_not_exist_is_named(folder):
    done = subprocess.run(
        [paths.PYTHON, os.path.join(paths.TOOLS, "mkinitrd.py"), "--output", f"{folder}/x", "bin/a=/nowhere/a"],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "/nowhere/a" in done.stderr
