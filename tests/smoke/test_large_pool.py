# SPDX-License-Identifier: Apache-2.0
"""Pools whose pages are zeroed in slices (G5, G6): others run meanwhile, and whatever happens meanwhile, nothing of the last owner
is seen and nothing stays charged."""

import pytest

from harness import archive, disks, machine, markers, messages, paths, planted
from harness.disks import MiB

import qemu

# The machine's time is that of its instructions: a host that stalls takes nothing from those who run in the pauses. Not with
# the checked kernel: what it checks after each slice would take the pause.
COUNTED = ["-icount", "shift=0,sleep=off"]
NOTHING_CHARGED = r"^end: nothing is charged to a process that has ended$"


def run(folder, words="", kernel=paths.KERNEL, clock=COUNTED):
    m = machine.start(
        archive.build(folder, ["large"]),
        f"manifest=large {words}",
        [disks.Image(folder, 2 * MiB).disk(**qemu.OBEYS)],
        extra=[*qemu.IOMMU, *clock],
        kernel=kernel,
    )
    return m, m.wait_end()


def test_g5_a_large_pool_is_zeroed_while_others_run(folder):
    m, status = run(folder)
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    assert markers.problems(m.lines, "large") == []
    m.find(NOTHING_CHARGED)


def test_twin_g5_one_that_is_zeroed_in_one_piece_is_noticed(folder):
    kernel = planted.kernel(folder, "cap/pool_zero.c", {"SLICE_BYTES = POOL_BUFFER_BYTES_MAX": "SLICE_BYTES = 1 << 30"})
    m, status = run(folder, kernel=kernel)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(r"^reader: case is_not_there_yet: FAIL ")


def test_twin_g5_one_in_which_pieces_are_left_out_is_noticed(folder):
    kernel = planted.kernel(folder, "cap/pool_zero.c", {"    memset(": "    if (physical / bytes % 2 == 0)\n        memset("})
    m, status = run(folder, kernel=kernel)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(r"^reader: case not_zero: FAIL ")


@pytest.mark.parametrize("part", ["all", "making", "ending"])
def test_g6_the_books_agree_all_the_time(folder, part):
    m, _ = run(folder, f"args.reader=part={part}", paths.CHECKED, clock=[])
    m.find(r"^reader: SELFTEST: large pool ")  # whatever it says: the host may have stalled
    m.find(NOTHING_CHARGED)


@pytest.mark.parametrize("part", ["making", "ending"])
def test_g6_its_owner_may_end_in_the_middle(folder, part):
    m, status = run(folder, f"args.reader=part={part}")
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    assert markers.problems(m.lines, "large") == []
    m.find(NOTHING_CHARGED)
    whole, _ = run(folder)
    assert m.find(messages.PAGES_AT_END)["free"] == whole.find(messages.PAGES_AT_END)["free"]


# The driver's device is on its way to silence for longer than the zeroing takes.
SLOW = {"    services_device_stopped(device);\n    silence_begin(&device->silence, device, clock_now());": "    services_device_stopped(device);\n"
        "    silence_begin(&device->silence, device, clock_now());\n    device->silence.until += 1000000000;"}


def test_g6_one_whose_service_has_no_device_when_it_is_zero_is_refused(folder):
    kernel = planted.kernel(folder, "device/device_end.c", SLOW)
    m, status = run(folder, "args.passer=requests=1 args.reader=mebibytes=15,part=gone", kernel)
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    m.find(r"^reader: SELFTEST: large pool ok$")
    m.find(NOTHING_CHARGED)


def test_twin_g6_one_that_is_not_judged_again_is_noticed(folder):
    kernel = planted.kernel(
        folder, "cap/pool_make.c", {"r->channel ? channel_is_served(r->channel) : TN_OK;": "TN_OK;"}
    )
    m, status = run(folder, "args.passer=requests=1 args.reader=mebibytes=15,part=gone", kernel)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(r"^reader: case made: FAIL got=TN_OK want=TN_EAGAIN$")


def test_g6_one_that_cannot_be_mapped_is_given_back(folder):
    kernel = planted.kernel(
        folder,
        "cap/pool_make.c",
        {"status = place(pool, reached_by(r), pool_pages(pool));": "status = TN_EEXHAUSTED;"},
    )
    m, status = run(folder, "args.reader=part=full", kernel)
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    m.find(NOTHING_CHARGED)


def test_g3_one_of_a_driver_whose_device_is_given_up_meanwhile_is_refused(folder):
    m, status = run(folder, "args.passer=requests=1,large=1 args.reader=mebibytes=15,part=gone")
    m.find(r"^passer: case large: ok$")
    m.find(r"^passer: SELFTEST: passed device ok$")


def test_twin_g3_one_for_an_old_claim_is_noticed(folder):
    kernel = planted.kernel(folder, "cap/pool_make.c", {"r->device->identity.generation != claim": "claim == 0"})
    m, _ = run(folder, "args.passer=requests=1,large=1 args.reader=mebibytes=15,part=gone", kernel)
    m.find(r"^passer: case large: FAIL got=TN_OK want=TN_ESTALE$")


GIVEN_UP_WITH_ONE = "args.passer=requests=1,large=2 args.reader=mebibytes=15,part=gone"


def test_g3_one_of_a_device_that_is_given_up_is_stale_while_it_is_zeroed(folder):
    """And it is paid for no more when the driver hears that the device is given up."""
    m, _ = run(folder, GIVEN_UP_WITH_ONE)
    for case in ("large_neither", "large_stale", "large_again"):
        m.find(rf"^passer: case {case}: ok$")
    m.find(NOTHING_CHARGED)


def test_twin_g3_one_whose_names_live_until_it_is_zero_is_noticed(folder):
    kernel = planted.kernel(folder, "cap/pool_end.c", {"    pool->identity.owner_epoch = 0; /* every": "    /* every"})
    m, _ = run(folder, GIVEN_UP_WITH_ONE, kernel)
    m.find(r"^passer: case large_neither: FAIL ")


def test_twin_g6_a_driver_that_hears_too_early_that_its_device_is_given_up_is_noticed(folder):
    kernel = planted.kernel(folder, "device/device_end.c", {"(cqe.status == TN_OK && pools": "(cqe.status != TN_OK && pools"})
    m, _ = run(folder, GIVEN_UP_WITH_ONE, kernel)
    m.find(r"^passer: case large_again: FAIL got=TN_EBUDGET want=TN_OK$")


LARGE_RINGS = {
    'image = "virtio_blk"': 'image = "passing_driver"\nargs = "requests=0,large=2"',
    'pool_bytes = "256 KiB"': 'pool_bytes = "17 MiB"',
    "buffers = 16": "buffers = 32",
    "heartbeat_ms = 200": "heartbeat_ms = 0",
}


def killed_in_an_idle_machine(folder, kernel=paths.CHECKED, timeout=30):
    """A driver with a large pool, whose device takes 100 ms to fall silent; nobody else has anything to do."""
    m = machine.start(
        archive.build(folder, ["restart"], changed=archive.variant(folder, "restart", LARGE_RINGS)),
        "manifest=restart",
        [disks.scratch(folder, 2 * MiB).disk(read_only=False, **qemu.OBEYS, bus="above", addr="0")],
        extra=[*qemu.IOMMU, "-device", "pcie-root-port,id=above,addr=8"],
        kernel=kernel,
        timeout=timeout,
        typed=True,
    )
    m.wait_for(r"^process: verifier exited with status 0$")
    m.write("kill virtio_blk0\n")
    m.wait_until(lambda: len(m.find_all(messages.DRIVER_UP)) == 2, "the next start")


def test_g11_a_driver_with_a_large_pool_ends_in_an_idle_machine(folder):
    killed_in_an_idle_machine(folder)


def test_twin_g11_work_that_waits_for_an_interrupt_of_somebody_else_is_noticed(folder):
    kernel = planted.kernel(folder, "proc/sched.c", {"    if (sched_work_due) {": "    if (false) {"}, image="tenure-checked.elf")
    with pytest.raises(machine.MachineTimeout):
        killed_in_an_idle_machine(folder, kernel, timeout=10)


def left_alone(folder, command, kernel=paths.CHECKED):
    """Nobody starts the driver again: that is settled while the pages of its pool are zeroed, with requests that wait for it."""
    disk, group = disks.throttled(disks.scratch(folder, 8 * MiB), operations_per_second=10, read_only=False, **{"request-merging": False}, **qemu.OBEYS)
    m = machine.start(
        archive.build(folder, ["restart"], changed=archive.variant(folder, "restart", LARGE_RINGS)),
        "manifest=restart",
        [disk],
        extra=[*qemu.IOMMU, *group],
        kernel=kernel,
        timeout=15,
        typed=True,
    )
    m.wait_for(r"^virtio_blk0: passing: large pool: TN_OK$")
    m.write(f"kill virtio_blk0\n{command}\nps\n")
    m.wait_for(r"^virtio_blk0 ending, ")  # it was in the middle
    m.wait_for(r"^verifier: .*\bTN_EPEERGONE\b")


@pytest.mark.parametrize("command", ["stop virtio_blk0", "kill supervisor"])
def test_g2_what_waits_for_a_driver_that_nobody_starts_again_ends(folder, command):
    slow = {"pause_end = end + (end - begin);": "pause_end = end + 50000000;"}  # however busy this host is
    left_alone(folder, command, planted.kernel(folder, "cap/pool_zero.c", slow, image="tenure-checked.elf"))


def test_twin_g2_requests_that_wait_for_it_for_ever_are_noticed(folder):
    kernel = planted.kernel(folder, "proc/end.c", {"if (!process_may_come_back(p))": "if (false)"}, image="tenure-checked.elf")
    with pytest.raises(machine.MachineTimeout):
        left_alone(folder, "kill supervisor", kernel)
