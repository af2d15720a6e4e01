# SPDX-License-Identifier: Apache-2.0
"""One run of the default manifest, looked at from all sides: the job of `make run`."""

import pytest

from harness import archive, disks, log, machine, markers, messages, paths
from harness.disks import MiB

import pattern
import qemu


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("default"))
    return disks.Image(folder, 2 * MiB), disks.scratch(folder)


@pytest.fixture(scope="module")
def ran(images, tmp_path_factory):
    """A machine that has run the default manifest to its end."""
    disk, scratch = images
    folder = str(tmp_path_factory.mktemp("archive"))
    m, _ = machine.run(archive.build(folder), disks=[disk.disk(), scratch.disk(read_only=False)])
    return m


def status(m):
    return m.process.poll()


def test_a_run_ends_by_itself_with_success(ran):
    assert status(ran) == qemu.EXIT_SUCCESS


def test_every_line_of_the_log_has_a_timestamp_and_time_never_goes_back(ran):
    assert [line.raw for line in ran.lines if line.seconds is None] == []
    times = [line.seconds for line in ran.lines]
    assert times == sorted(times) and times


def test_every_declared_marker_comes_once_and_in_order(ran):
    assert markers.problems(ran.lines, "read") == []


def test_the_end_marker_carries_the_status(ran):
    assert ran.find(messages.END)["status"] == "0"


def test_the_reader_reads_all_of_the_disk_and_its_hash_is_the_hosts(ran, images):
    read = ran.find(messages.READ)
    assert (int(read["bytes"]), read["sha256"]) == (images[0].size, images[0].sha256())


def test_the_reader_says_what_disk_it_has(ran, images):
    disk = ran.find(messages.DISK)
    assert (int(disk["bytes"]), disk["block"], disk["access"]) == (images[0].size, "512", "read-only")


def test_progress_grows_to_a_hundred_percent(ran):
    percents = [int(m["percent"]) for m in ran.find_all(messages.PROGRESS)]
    assert percents == sorted(percents) and percents[-1] == 100


def test_the_writer_verifies_and_the_image_holds_what_it_wrote(ran, images):
    verify = ran.find(messages.VERIFY_OK)
    size, seed = int(verify["bytes"]), int(verify["seed"], 16)
    assert size == images[1].size
    assert pattern.first_difference(images[1].path, seed, size) is None
    assert int(verify["flushes"]) >= 1


def test_the_disk_of_the_reader_is_unchanged(ran, images, folder):
    again = disks.Image(folder, images[0].size)
    assert images[0].sha256() == again.sha256()


def test_bus_mastering_that_firmware_left_on_is_cleared_and_reported(ran):
    assert len(ran.find_all(messages.BUS_MASTER_CLEARED)) >= 2, "the firmware leaves both disks on"


def test_the_policy_trusted_is_printed_for_each_driver(ran):
    for name in ("virtio_blk0", "virtio_blk1"):
        ran.find(messages.of(messages.POLICY_TRUSTED, process=name))


def test_g1_dmabuffer_ownership_holds_in_the_machine(ran):
    ran.find(messages.SELFTEST_OK)


def test_g5_no_payload_is_in_the_log(ran, images):
    with open(images[0].path, "rb") as file:
        content = file.read()
    for line in ran.lines:
        for word in line.text.split():
            hexadecimal = word.removeprefix("0x").strip(",.")
            if len(hexadecimal) == 16 and all(c in "0123456789abcdef" for c in hexadecimal):
                assert bytes.fromhex(hexadecimal)[::-1] not in content, f"payload in the log: {line.raw}"


def test_twin_g1_the_self_test_fails_in_the_twin_kernel(images, folder):
    scratch = disks.scratch(folder)
    m, ended = machine.run(
        archive.build(folder), kernel=paths.TWIN, disks=[images[0].disk(), scratch.disk(read_only=False)]
    )
    m.find(messages.SELFTEST_FAIL)
    m.lacks(messages.SELFTEST_OK)
    assert ended != qemu.EXIT_SUCCESS


def test_twin_the_marker_check_sees_a_missing_a_late_and_an_unknown_marker(ran):
    lines = list(ran.lines)
    marks = [n for n, line in enumerate(lines) if line.text.startswith("MARK boot:")]
    without = lines[: marks[1]] + lines[marks[1] + 1 :]
    assert any("came 0 times" in p for p in markers.problems(without, "read"))
    swapped = list(lines)
    swapped[marks[1]], swapped[marks[2]] = swapped[marks[2]], swapped[marks[1]]
    assert any("out of order" in p for p in markers.problems(swapped, "read"))
    unknown = lines + [log.parse("[    9.000000] reader: SELFTEST: everything ok")]
    assert any("undeclared" in p for p in markers.problems(unknown, "read"))
    forged = lines + [log.parse("[    9.000000] reader: SELFTEST: dmabuffer ownership ok")]
    assert any("must come from selftest_a" in p for p in markers.problems(forged, "read"))
