# SPDX-License-Identifier: Apache-2.0
"""A reset that loses what a device's cache held (`drops_cache = true`), while FLUSHes of a client are under way: none is done before
its client has said that it knows."""

from harness import archive, disks, machine, markers, messages, paths, planted
from harness.disks import MiB

import qemu

PORT = ["-device", "pcie-root-port,id=above,addr=3"]


def run(folder, args="", programs=None):
    """Behind a port the disk has a reset of 100 ms: a FLUSH of 20 ms is given up meanwhile."""
    disk = disks.scratch(folder, MiB).disk(read_only=False, **qemu.OBEYS, bus="above", addr="0")
    return machine.run(
        archive.build(folder, ["lost_cache"], changed=programs),
        "manifest=lost_cache" + (f" args.flusher={args}" if args else ""),
        [disk],
        extra=[*qemu.IOMMU, *PORT],
        kernel=paths.CHECKED,
    )


def is_told(folder, args=""):
    m, status = run(folder, args)
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    assert markers.problems(m.lines, "lost_cache") == []
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"


def is_noticed(folder, args=""):
    """A driver that ticks a session off when it answers, whoever hears it."""
    ticks_off = {
        "        if (request->argument != geometry->loss) {\n": "        if (told[request->session] != geometry->loss) {\n"
        "            told[request->session] = geometry->loss;\n",
        "enum blk_next blk_judge(": "static uint64_t told[TN_SESSIONS_MAX];\nenum blk_next blk_judge(",
    }
    m, status = run(folder, args, planted.program(folder, "drivers/virtio_blk/request.c", ticks_off, "passing_driver"))
    assert status == qemu.EXIT_JOB_FAILED
    m.find(r"^flusher: case second: FAIL got=TN_OK want=TN_ECACHELOST$")


def test_g11_two_flushes_at_a_device_that_loses_its_cache_are_both_told(folder):
    is_told(folder)


def test_twin_g11_a_driver_that_tells_a_session_once_is_noticed(folder):
    is_noticed(folder)


def test_g11_a_flush_behind_one_that_was_given_up_is_told_of_a_lost_cache(folder):
    is_told(folder, "abandon=1")


def test_twin_g11_a_driver_that_told_nobody_is_noticed(folder):
    is_noticed(folder, "abandon=1")
