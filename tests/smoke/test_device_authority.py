# SPDX-License-Identifier: Apache-2.0
"""What the holder of a Device may not do, tried in the machine by a hostile driver against the raw operations."""

from harness import archive, disks, machine, messages, planted
from harness.disks import MiB

import qemu


def test_g6_g8_the_holder_of_a_device_gets_what_its_manifest_says_and_no_more(folder):
    disk = disks.Image(folder, MiB)
    m, status = machine.run(archive.build(folder, ["device_probe"]), "manifest=device_probe", [disk.disk()])
    m.find(messages.PROBE_OK)
    assert int(m.find(messages.PROBE_CASES)["cases"]) >= 70
    assert status == qemu.EXIT_SUCCESS


def probed(folder, file, old, new):
    """What the probe says of a kernel with one bug."""
    kernel = planted.kernel(folder, file, {old: new})
    disk = disks.Image(folder, MiB)
    m, status = machine.run(archive.build(folder, ["device_probe"]), "manifest=device_probe", [disk.disk()], kernel=kernel)
    assert status == qemu.EXIT_JOB_FAILED
    return m


def test_twin_g8_bus_mastering_that_outlives_the_last_pool_is_noticed(folder):
    m = probed(folder, "device/device.c", "device->pools == 1 ? write_bus_master(device, false) : TN_OK", "TN_OK")
    m.find(r"^probe: case bus_master_goes_with_it: FAIL got=4 want=0$")


def test_twin_g6_a_window_in_the_leaf_tables_of_a_pool_goes_with_it(folder):
    m = probed(folder, "cap/pool_make.c", "process_take_address(pool->owner, address, space_run_bytes(pages))",
               "process_take_address(pool->owner, address, pages * PAGE_SIZE)")
    m.find(r"^process: probe was ended by exception 14$")


def test_twin_g10_ring_memory_that_is_free_before_its_device_is_silent_is_noticed(folder):
    m = probed(folder, "cap/pool_end.c", "if (is_kept(pool))", "if (is_kept(pool) && false)")
    m.find(r"^probe: case pool_one_page_over_budget: FAIL got=TN_OK want=TN_EBUDGET$")


def test_twin_g3_what_is_made_of_a_device_that_was_given_up_is_noticed(folder):
    m = probed(folder, "device/device_end.c", "    device->identity.generation++; /* every", "    /* every")
    m.find(r"^probe: case given_up_window: FAIL got=TN_OK want=TN_ESTALE$")


def test_g8_without_the_policy_trusted_the_same_driver_gets_no_dma(folder):
    """The twin of the case above: the probe expects a pool, and the manifest does not give it one."""
    disk = disks.Image(folder, MiB)
    m, status = machine.run(archive.build(folder, ["device_probe_blocked"]), "manifest=device_probe_blocked", [disk.disk()])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(r"^probe: case pool_at_the_budget: FAIL got=TN_EPOLICY want=TN_OK$")
    m.find(r"^probe: case bus_master: FAIL got=TN_EPOLICY want=TN_OK$")
    m.find(messages.of(messages.POOL_REFUSED, process="probe"))
