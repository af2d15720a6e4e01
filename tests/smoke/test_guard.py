# SPDX-License-Identifier: Apache-2.0
"""G1 by hardware: a buffer in flight is out of its client's reach."""

import pytest

from harness import archive, disks, machine, messages, paths
from harness.disks import MiB

import qemu

TOUCHES = {"read": "read", "write": "write", "last-byte": "write"}


def touch(folder, manifest, kind, kernel=paths.KERNEL):
    """A run in which a client touches what its slow disk has."""
    slow, group = disks.throttled(disks.Image(folder, MiB), operations_per_second=2)
    words = f"manifest={manifest} args.toucher=kind={kind}"
    return machine.run(archive.build(folder, [manifest]), words, [slow], extra=group, kernel=kernel, timeout=40)


@pytest.mark.parametrize("kind", TOUCHES)
def test_g1_a_touch_of_a_buffer_in_flight_ends_the_client(folder, kind):
    m, status = touch(folder, "touch_guard_on", kind)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.TOUCH_FAULT.replace("{access}", TOUCHES[kind]))
    m.find(messages.TOUCHED_IN_FLIGHT)
    m.lacks(messages.STILL_ALIVE)
    m.lacks(messages.PANIC)


def test_g1_what_is_the_clients_own_it_touches_undisturbed(folder):
    m, status = touch(folder, "touch_guard_on", "own")
    assert status == qemu.EXIT_SUCCESS
    assert m.find(messages.TOUCH_GUARD)["guard"] == "on"
    m.find(messages.TOUCH_OK)
    m.lacks(messages.TOUCHED_IN_FLIGHT)


def test_g1_the_guard_is_off_only_where_the_manifest_says_so_and_the_log_tells(folder):
    m, status = touch(folder, "touch_guard_off", "write")
    assert status == qemu.EXIT_JOB_FAILED
    assert m.find(messages.TOUCH_GUARD)["guard"] == "off"
    m.find(messages.STILL_ALIVE)
    m.lacks(messages.TOUCHED_IN_FLIGHT)


def test_g1_twin_without_the_guard_the_touch_goes_unnoticed(folder):
    """The negative twin: a kernel that leaves the mapping, asked for the guard."""
    m, _ = touch(folder, "touch_guard_on", "write", kernel=paths.TWIN)
    m.find(messages.STILL_ALIVE)
    m.lacks(messages.TOUCHED_IN_FLIGHT)
