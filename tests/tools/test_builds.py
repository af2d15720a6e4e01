# SPDX-License-Identifier: Apache-2.0
"""What the builds contain: no warning with either compiler, nothing of the twins in a release, the right kind of images."""

import os
import re
import subprocess

import pytest

from harness import archive, disks, machine, messages, paths
from harness.disks import MiB

import qemu

TWIN_WORD = re.compile(rb"(?i)twin|provoke[^=]")  # the word `provoke=` is known on every command line


def build(name, compiler, *settings):
    """A second build folder under the first, kept between runs so that only changes are compiled."""
    folder = os.path.join(paths.BUILD, name)
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(
            ["meson", "setup", folder, paths.ROOT, *settings],
            env={**os.environ, "CC": compiler},
            stdout=subprocess.PIPE,
            check=True,
        )
    done = subprocess.run(["ninja", "-C", folder, "all", "tests"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]
    return folder, done.stdout


def test_images_do_not_say_where_the_tree_is():
    """Then they are the same in each clone, and what has passed with them counts there too (tools/runlong.py)."""
    for image in (paths.KERNEL, os.path.join(paths.BUILD, "initrd.cpio")):
        with open(image, "rb") as file:
            assert os.fsencode(os.path.realpath(paths.ROOT)) + b"/" not in file.read(), image


def test_clang_builds_everything_without_a_warning():
    _, output = build("check-clang", "clang")
    assert "warning:" not in output


def test_a_kernel_that_clang_built_runs_the_job(folder):
    clang, _ = build("check-clang", "clang")
    image = disks.Image(folder, MiB)
    m, status = machine.run(
        archive.build(folder, ["disk"]),
        "manifest=disk",
        [image.disk()],
        kernel=os.path.join(clang, "tenure.elf"),
    )
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == image.sha256()


def test_a_debug_build_runs_the_job(folder):
    debug, output = build("check-debug", "gcc", "-Dchecks=true")
    assert "warning:" not in output
    image, scratch = disks.Image(folder, MiB), disks.scratch(folder)
    m, status = machine.run(
        os.path.join(debug, "initrd.cpio"),
        disks=[image.disk(), scratch.disk(read_only=False)],
        kernel=os.path.join(debug, "tenure.elf"),
    )
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == image.sha256()


def content(path):
    with open(path, "rb") as file:
        return file.read()


def test_nothing_of_the_negative_twins_is_in_the_release():
    for name in ("tenure.elf", "initrd.cpio"):
        assert not TWIN_WORD.search(content(os.path.join(paths.BUILD, name))), name


def test_twin_the_word_is_found_in_the_twin_kernel():
    assert TWIN_WORD.search(content(paths.TWIN)) and TWIN_WORD.search(content(paths.CHECKED))


def segments(path):
    """(flags, physical or virtual address) of the loadable segments, as readelf shows them."""
    output = subprocess.run(["readelf", "-lW", path], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^\s+LOAD\s+0x\w+ (0x\w+) (0x\w+) 0x\w+ 0x\w+ ([R ][W ][E ]) ", output, re.M)
    return [(int(virtual, 16), flags) for virtual, _, flags in rows]


@pytest.mark.parametrize("name", sorted(archive.programs()) or ["none"])
def test_a_user_program_has_no_segment_that_is_writable_and_executable(name):
    loads = segments(paths.program(name))
    assert loads and not [flags for _, flags in loads if "W" in flags and "E" in flags]
    assert min(address for address, _ in loads) == 0x400000


def test_the_kernel_has_no_high_segment_that_is_writable_and_executable():
    loads = [row for row in segments(paths.KERNEL) if row[0] >= 1 << 63]
    assert loads and not [flags for _, flags in loads if "W" in flags and "E" in flags]
