# SPDX-License-Identifier: Apache-2.0
"""What clients leave behind (rows F6, F8, F22; G2, G6, G11): charged to their entry until its end; after the session's
deadline the device is reset for it, others go on, and who caused it is blamed and slowed down."""

import re

from harness import archive, disks, machine, markers, messages, paths, planted
from harness.disks import MiB

import qemu

LEFT = r"^leaver: left 8 requests$"
NO_POOL = r"^leaver: .*TN_EBUDGET"
CAUSED = r"^service: blk0: a request that leaver left has not ended: virtio_blk0 is reset for it, number (\d+)$"
RESET = r"^process: virtio_blk0 was ended for a reset that leaver caused$"


def start(folder, manifest, operations, changes=None, kernel=None, size=MiB):
    image = disks.Image(folder, size)
    disk, group = disks.throttled(image, operations_per_second=operations, **qemu.OBEYS)
    changed = archive.variant(folder, manifest, changes) if changes else None
    m = machine.start(
        archive.build(folder, [manifest], changed=changed),
        f"manifest={manifest}",
        [disk],
        extra=[*qemu.IOMMU, *group],
        kernel=kernel or paths.KERNEL,
        timeout=120,
    )
    return m, image


def times(m, regex):
    return [line.seconds for line in m.lines if re.search(regex, line.text)]


def blamed(folder, kernel=None):
    """The times at which the leaver caused a reset, in a run in which the other client read all of its disk."""
    m, image = start(folder, "orphans", 4, kernel=kernel)
    assert m.wait_end() == qemu.EXIT_SUCCESS, m.text()[-3000:]
    assert m.find(messages.READ)["sha256"] == image.sha256()
    caused = times(m, CAUSED)
    assert caused and len(caused) == len(times(m, RESET))
    assert not times(m, r"given up")  # its restart limit is 1: a reset for somebody else does not count
    left = times(m, LEFT)
    assert caused[0] - left[0] >= 0.3  # the deadline
    assert times(m, NO_POOL), "what the one before had left was not charged to the next"
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"
    return caused


def test_g11_a_device_is_reset_for_what_a_client_left_and_the_client_is_blamed(folder):
    caused = blamed(folder)
    assert len(caused) >= 2, "there is nothing to compare"
    waits = [after - before for before, after in zip(caused, caused[1:])]
    assert all(wait >= min(2**n, 64) - 0.01 for n, wait in enumerate(waits)), waits


def test_twin_g11_without_a_pause_it_causes_many(folder):
    kernel = planted.kernel(folder, "cap/orphan.c", {"if (o->left_by->next_reset > now)": "if (false)"})
    caused = blamed(folder, kernel)
    assert any(after - before < 1 for before, after in zip(caused, caused[1:]))


def test_g6_without_a_deadline_what_is_left_stays_charged(folder):
    m, image = start(folder, "orphans", 4, changes={", deadline_ms = 300": ", deadline_ms = 0"})
    assert m.wait_end() == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == image.sha256()
    assert not times(m, CAUSED)
    # one at a time: the next one has a pool only when the device is done with all that the one before has left
    left, refused = times(m, LEFT), times(m, NO_POOL)
    assert refused and len(left) >= 2
    assert all(after - before >= 1 for before, after in zip(left, left[1:])), "8 reads at 4 a second"


def test_g6_a_server_that_nobody_starts_again_is_not_ended_for_a_client(folder):
    m, image = start(folder, "orphans", 4, changes={'[process.restart]\nlimit = 1\nwindow_ms = 600000\nbackoff_ms = 1\n': ""})
    assert m.wait_end() == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == image.sha256()
    assert not times(m, CAUSED)
    m.find(r"^service: blk0: a request that leaver left has not ended, and nobody starts virtio_blk0 again: it stays$")


def test_g1_g2_a_fence_is_revoked_and_its_buffer_comes_back_later(folder):
    m, _ = start(folder, "revoke", 8)
    assert m.wait_end() == qemu.EXIT_SUCCESS, m.text()[-2000:]
    assert markers.problems(m.lines, "revoke") == []
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"
