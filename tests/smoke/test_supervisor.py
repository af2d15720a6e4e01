# SPDX-License-Identifier: Apache-2.0
"""Processes that are started again (row F7): by their supervisor, by a person, too often, after they hang; and that the wait
for a device of theirs holds nobody up."""

import re

import pytest

from harness import archive, churn, disks, machine, messages, paths, planted
from harness.disks import MiB

import qemu

UP = messages.DRIVER_UP
KILLED = messages.DRIVER_KILLED
ABANDONED = r"^verifier: .*\bTN_EPEERGONE\b"


def supervisor_with(folder, old, new):
    """A supervisor with one bug."""
    return planted.program(folder, "services/supervisor/main.c", {old: new}, "supervisor")


def start(folder, operations=100, changes=None, manifest="restart", timeout=60, programs=None, kernel=None):
    """A machine with a slow disk whose driver has a supervisor, and a shell to type to."""
    disk, group = disks.throttled(disks.scratch(folder, 8 * MiB), operations_per_second=operations, read_only=False, **qemu.OBEYS)
    changed = {**(archive.variant(folder, manifest, changes) if changes else {}), **(programs or {})}
    m = machine.start(
        archive.build(folder, [manifest], changed=changed),
        f"manifest={manifest}",
        [disk],
        extra=[*qemu.IOMMU, *group],
        typed=True,
        timeout=timeout,
        kernel=kernel or paths.KERNEL,
    )
    m.wait_for(messages.PROMPT_SHELL)
    return m


def wait_count(m, regex, count):
    m.wait_until(lambda: len(m.find_all(regex)) >= count, f"line number {count} that matches {regex!r}")


def test_g11_a_driver_that_is_killed_comes_back_and_its_client_goes_on(folder):
    m = start(folder, operations=2000)
    for n in range(1, 4):
        wait_count(m, UP, n)
        m.write("kill virtio_blk0\n")
        wait_count(m, KILLED, n)
    m.wait_for(r"^verifier: verify: bytes=8388608 .* ok$")
    m.write("exit\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"
    m.find(messages.CHARGES_AT_END)


GIVEN_UP = r"^supervisor: virtio_blk0 is given up: it ends too often$"


def killed_six_times(folder, programs=None):
    """Until the driver has been given up, or has come back once more."""
    m = start(folder, programs=programs)
    for n in range(1, 7):
        wait_count(m, UP, n)
        m.write("kill virtio_blk0\n")
        wait_count(m, KILLED, n)
    m.wait_until(lambda: m.find_all(GIVEN_UP) or len(m.find_all(UP)) == 7, "an end of it")
    return m


def waits(m):
    """Seconds from each end to the next start."""
    ends = [line.seconds for line in m.lines if re.search(r"^supervisor: virtio_blk0 was killed", line.text)]
    starts = [line.seconds for line in m.lines if re.search(r"^process: virtio_blk0 started", line.text)][1:]
    return [begin - end for end, begin in zip(ends, starts)]


def doubles(waits):
    """1 ms, 2 ms, …, at least."""
    return len(waits) == 5 and all(wait >= 0.001 * 2**n for n, wait in enumerate(waits))


def test_g2_one_that_ends_too_often_is_given_up_and_everything_that_waits_for_it_ends(folder):
    m = killed_six_times(folder)
    m.find(GIVEN_UP)
    m.wait_for(ABANDONED)
    m.write("ps\nexit\n")
    assert m.wait_end() == qemu.EXIT_JOB_FAILED
    m.find(r"^virtio_blk0 ended, killed, 0 pages$")
    assert doubles(waits(m))


def test_twin_g2_a_supervisor_that_does_not_count(folder):
    m = killed_six_times(folder, supervisor_with(folder, "restarts >= limit_of(c)", "restarts > STAMPS"))
    assert not m.find_all(GIVEN_UP)


def test_twin_g2_a_supervisor_that_starts_again_at_once(folder):
    m = killed_six_times(folder, supervisor_with(folder, "MILLISECOND << doublings", "MILLISECOND << (doublings & 0)"))
    assert not doubles(waits(m))


HANGS = r"^supervisor: virtio_blk0 hangs: [1-9]\d* completions unread for (?P<ms>\d+) ms$"
HANGING = {'image = "virtio_blk"': 'image = "dying_driver"\nargs = "requests=4,hang=1"'}


def test_g2_a_driver_that_hangs_is_killed(folder):
    m = start(folder, changes=HANGING)
    assert 200 <= int(m.wait_for(HANGS)["ms"]) < 1000
    m.wait_for(KILLED)
    m.wait_for(GIVEN_UP)
    assert len(m.find_all(KILLED)) == 6
    m.wait_for(ABANDONED)


def test_twin_g2_a_supervisor_that_is_patient(folder):
    m = start(folder, changes=HANGING, programs=supervisor_with(folder, ">= c->cap->restart.heartbeat_ms * MILLISECOND",
                                                                 ">= 6 * c->cap->restart.heartbeat_ms * MILLISECOND"))  # fmt: skip
    assert int(m.wait_for(HANGS)["ms"]) >= 1000


def test_a_person_kills_stops_and_restarts(folder):
    m = start(folder, operations=500)
    m.wait_for(UP)
    m.write("kill shell\nkill nobody\nstop virtio_blk0\n")
    m.wait_for(r"^kill: shell asks for it itself; `exit` ends it$")
    m.wait_for(r'^kill: no process has the label "nobody"; `ps` lists them$')
    m.wait_for(r"^supervisor: virtio_blk0 was stopped from the console$")
    m.wait_for(ABANDONED)
    m.write("kill virtio_blk0\nrestart virtio_blk0\nrestart verifier\n")
    m.wait_for(r"^kill: virtio_blk0 has ended already$")
    wait_count(m, UP, 2)
    m.wait_for(r"^restart: verifier is a job: the run ends with it$")
    m.write("restart virtio_blk0\n")  # it lives: its supervisor starts it
    wait_count(m, UP, 3)
    m.write("restart supervisor\nexit\n")
    m.wait_for(r"^restart: supervisor: TN_ESTATE; it lives, or is on its way out$")
    assert m.wait_end() == qemu.EXIT_JOB_FAILED


def restarted_six_times(folder, programs=None):
    """By a person; its manifest says five times."""
    m = start(folder, operations=2000, programs=programs)
    for n in range(1, 7):
        wait_count(m, UP, n)
        m.write("restart virtio_blk0\n")
        wait_count(m, KILLED, n)
    m.wait_until(lambda: m.find_all(GIVEN_UP) or len(m.find_all(UP)) == 7, "an end of it")
    return m


def test_g2_what_a_person_restarts_does_not_count(folder):
    m = restarted_six_times(folder)
    assert not m.find_all(GIVEN_UP)
    assert len(m.find_all(r"^supervisor: virtio_blk0 is restarted from the console; 0 of 5 restarts$")) == 6
    m.write("kill virtio_blk0\n")
    m.wait_for(r"^supervisor: virtio_blk0 was killed, 0; 0 of 5 restarts$")
    m.wait_for(r"^verifier: verify: bytes=8388608 .* ok$")
    m.write("exit\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS


def test_twin_g2_a_supervisor_that_counts_what_a_person_does(folder):
    m = restarted_six_times(folder, supervisor_with(folder, "is_asked_for(&c->end) || c->end", "c->end"))
    m.find(GIVEN_UP)


SUPERVISOR_STARTED = r"^process: supervisor started from "


def supervisor_restarted(folder, kernel=None):
    """A shell, and a supervisor that was killed and started again."""
    m = start(folder, operations=2000, kernel=kernel)
    m.wait_for(UP)
    m.write("kill supervisor\n")
    m.wait_for(r"^kill: nobody starts supervisor again$")
    m.write("restart supervisor\n")
    wait_count(m, SUPERVISOR_STARTED, 2)
    return m


def test_g11_a_supervisor_that_is_started_again_goes_on_with_its_work(folder):
    m = supervisor_restarted(folder)
    m.write("kill virtio_blk0\n")
    wait_count(m, UP, 2)
    m.wait_for(r"^verifier: verify: bytes=8388608 .* ok$")
    m.write("exit\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    m.find(messages.CHARGES_AT_END)


def test_g11_nor_has_it_missed_who_ended_without_it(folder):
    m = start(folder)
    m.wait_for(UP)
    m.write("kill supervisor\nkill virtio_blk0\n")
    m.wait_for(ABANDONED)
    m.write("restart supervisor\n")
    wait_count(m, UP, 2)
    m.write("kill supervisor\nrestart supervisor\nkill virtio_blk0\n")
    wait_count(m, UP, 3)
    m.write("exit\n")
    assert m.wait_end() == qemu.EXIT_JOB_FAILED
    m.find(messages.CHARGES_AT_END)


def test_twin_g11_a_supervisor_that_is_started_again_with_nothing_is_noticed(folder):
    bare = {"p != process_supervisor || give_processes": "p != process_supervisor || p->restarts != 0 || give_processes"}
    m = supervisor_restarted(folder, planted.kernel(folder, "proc/start.c", bare))
    m.wait_for(r"^supervisor: .*nobody to supervise")


def test_g11_the_wait_for_a_reset_holds_nobody_up(folder):
    """FLR takes 100 ms: somebody else's disk is read meanwhile."""
    slow, group = disks.throttled(disks.Image(folder, 8 * MiB), operations_per_second=40, **qemu.OBEYS)
    behind = disks.scratch(folder, MiB).disk(read_only=False, **qemu.OBEYS, bus="above", addr="0")
    m = machine.start(
        archive.build(folder, ["beside"]),
        "manifest=beside",
        [slow, behind],
        extra=[*qemu.IOMMU, *group, "-device", "pcie-root-port,id=above,addr=8"],
        typed=True,
    )
    m.wait_for(messages.PROMPT_SHELL)
    for n in range(1, 4):
        wait_count(m, UP, n)
        m.write("kill virtio_blk0\n")
        wait_count(m, r"^device: 01:00\.0: reset by FLR: done$", n)
    killed = [line.seconds for line in m.lines if re.search(KILLED, line.text)]
    silent = [line.seconds for line in m.lines if re.search(r"reset by FLR: done$", line.text)]
    read = [line.seconds for line in m.lines if re.search(r"^reader: progress: ", line.text)]
    assert all(end - begin >= 0.1 for begin, end in zip(killed, silent))
    assert any(begin < at < end for begin, end in zip(killed, silent) for at in read), f"{killed} {silent} {read}"


def mad(folder, ops, seed, timeout=60):
    disk = disks.scratch(folder, MiB)
    m, status = machine.run(
        archive.build(folder, ["mad"]),
        f"manifest=mad args.churn=ops={ops} args.supervisor=seed={seed}",
        [disk.disk(read_only=False, **qemu.OBEYS)],
        extra=qemu.IOMMU,
        kernel=paths.CHECKED,
        timeout=timeout,
    )
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    assert churn.wrong(disk.path, churn.said(m, "acked")) == []
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"
    for process in ("virtio_blk0", "reader"):
        assert len(m.find_all(rf"^process: {process} started ")) >= 10
        assert len(m.find_all(rf"^process: {process} was killed$")) >= 5


def test_g11_a_supervisor_without_sense_harms_nobody(folder):
    """Driver and client are killed and started in any order: a client in flight, a driver on its way out."""
    mad(folder, 3000, disks.random_of("mad").randrange(1, 1 << 32))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 5))
def test_g11_nor_does_it_for_minutes(folder, seed):
    mad(folder, 100000, seed, timeout=500)
