# SPDX-License-Identifier: Apache-2.0
"""QEMU's educational device: a second driver of another kind (MSI, registers, DMA of 100 ms), and interrupts that come when
their route is given back (G7)."""

import pytest

from harness import archive, machine, messages, paths

import qemu

# Without it the device clamps its DMA addresses to 28 bits.
EDU = ["-device", "edu,addr=6,dma_mask=0xffffffffffffffff"]


def test_a_second_driver_serves_registers_interrupts_and_dma(folder):
    m, status = machine.run(archive.build(folder, ["edu"]), "manifest=edu", [], extra=EDU)
    assert status == qemu.EXIT_SUCCESS, m.text()
    m.find(messages.EDU_STARTED)
    m.find(messages.EDU_OK)


def test_a_driver_of_another_device_refuses_this_one(folder):
    """The manifest asks for a device that the machine does not have: said, and nothing started."""
    m, status = machine.run(archive.build(folder, ["edu"]), "manifest=edu", [])
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.NO_EDU)


def rounds(folder, count, kernel=paths.KERNEL):
    words = f"manifest=stale_irq args.stale_irq=rounds={count}"
    return machine.run(archive.build(folder, ["stale_irq"]), words, [], extra=EDU, kernel=kernel, timeout=400)


def check_rounds(m, status, count):
    assert status == qemu.EXIT_SUCCESS, m.text()
    found = m.find(messages.STALE_ROUNDS)
    assert int(found["rounds"]) == count and int(found["before"]) > 0
    m.find(messages.STALE_OK)


def test_g7_an_interrupt_from_before_never_reaches_the_next_binding(folder):
    check_rounds(*rounds(folder, 1000), 1000)


@pytest.mark.parametrize("raises, is_storm", [(1000, False), (1024, False), (1025, True), (5000, True)])
def test_g7_a_source_that_storms_is_masked_until_the_acknowledgement(raises, is_storm, folder):
    m, status = machine.run(
        archive.build(folder, ["irq_storm"]), f"manifest=irq_storm args.irq_storm=raises={raises}", [], extra=EDU
    )
    assert status == qemu.EXIT_SUCCESS, m.text()
    m.find(messages.STORM_OK)
    assert len(m.find_all(messages.STORM)) == is_storm


@pytest.mark.long
def test_g7_the_same_over_many_rounds(folder):
    """In so many, some come after the release, where they are counted and wake nobody."""
    m, status = rounds(folder, 20000)
    check_rounds(m, status, 20000)
    assert int(m.find(messages.END_COUNTS)["spurious"]) > 0


def test_g7_twin_a_route_that_is_not_revoked_is_seen(folder):
    """The negative twin: a kernel that leaves the route armed when it is given back."""
    m, status = rounds(folder, 50, kernel=paths.TWIN)
    assert status == qemu.EXIT_JOB_FAILED
    m.find(messages.STALE_FAIL)
