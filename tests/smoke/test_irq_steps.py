# SPDX-License-Identifier: Apache-2.0
"""An interrupt that is raised exactly at one step of binding or releasing its route, at each step in turn (G7): by devices of
QEMU that raise at once, from a kernel for tests (kernel/diag/provoke_irq.h), under a driver that tells what it heard."""

import pytest

from harness import archive, machine, messages, paths

import qemu

DEVICES = {
    "msi": ["-device", "edu,addr=6,dma_mask=0xffffffffffffffff"],
    "msix": ["-device", "rocker,addr=6,name=switch"],
}

# step -> for each device (raised, counted as stale, heard by the new binding before it asked)
#
# MSI-X holds back what is raised while it is masked, so it is let out before the next binding is armed; from there on it is
# the new binding's. MSI of this device has no mask: what it raises while it is off is lost, and no window opens for it.
EXPECTED = {
    "bind: before it is programmed": {"msix": (1, 1, 0), "msi": (1, 0, 0)},
    "bind: after it is programmed": {"msix": (1, 1, 0), "msi": (1, 0, 0)},
    "bind: masked, before the read back": {"msix": (1, 1, 0), "msi": (1, 0, 0)},
    "bind: in the window": {"msix": (2, 1, 0), "msi": (1, 0, 0)},  # both before it opens: one request
    "bind: before it is armed": {"msix": (1, 0, 1), "msi": (1, 0, 0)},
    "bind: armed, before it is unmasked": {"msix": (1, 0, 1), "msi": (1, 0, 0)},
    "bind: after it is unmasked": {"msix": (1, 0, 1), "msi": (1, 0, 1)},
    "release: before it is revoked": {"msix": (1, 1, 0), "msi": (1, 1, 0)},
    "release: revoked, before it is masked": {"msix": (1, 1, 0), "msi": (1, 1, 0)},
    "release: masked, before the read back": {"msix": (1, 1, 0), "msi": (1, 0, 0)},
    "release: in the window": {"msix": (2, 2, 0), "msi": (2, 1, 0)},
    "release: before it is drained": {"msix": (1, 1, 0), "msi": (1, 0, 0)},
    "release: drained, before it is free": {"msix": (1, 1, 0), "msi": (1, 0, 0)},
    "release: after it is free": {"msix": (1, 1, 0), "msi": (1, 0, 0)},
    "no step": {"msix": (0, 0, 0), "msi": (0, 0, 0)},
}


def rounds(folder, kind, provocation):
    """({step: (raised, stale, unasked)}, {step: the driver's other counts}) of one boot that goes through every step."""
    manifest = f"irq_steps_{kind}"
    m, status = machine.run(
        archive.build(folder, [manifest]), f"manifest={manifest} provoke={provocation}", extra=DEVICES[kind], kernel=paths.CHECKED
    )
    assert status == qemu.EXIT_SUCCESS
    heard = {match["round"]: match for match in m.find_all(messages.STEP_HEARD)}
    found, others = {}, {}
    for step in m.find_all(messages.STEP_RAISED):
        driver = heard[step["round"]]
        found[step["step"]] = int(step["raised"]), int(step["stale"]), int(driver["unasked"])
        others[step["step"]] = int(driver["before"]), int(driver["old"]), int(driver["asked"])
    return found, others


@pytest.mark.parametrize("kind", DEVICES)
def test_g7_an_interrupt_at_any_step_is_stale_or_the_new_bindings_and_never_the_old_ones(kind, folder):
    found, others = rounds(folder, kind, "irq-steps")
    assert found == {step: expected[kind] for step, expected in EXPECTED.items()}
    assert set(others.values()) == {(0, 0, 1)}, "nothing before, nothing of the old binding, and what is asked for comes"


def test_g7_twin_a_kernel_that_takes_masked_for_silent_is_seen_at_these_steps(folder):
    """The negative twin: what the source held back is not let out, and the new binding hears of it."""
    found, _ = rounds(folder, "msix", "irq-undrained")
    early = {step for step, (_, _, unasked) in found.items() if unasked > EXPECTED[step]["msix"][2]}
    assert early == {
        "bind: before it is programmed",
        "bind: after it is programmed",
        "bind: masked, before the read back",
        "bind: in the window",
        "release: masked, before the read back",
        "release: before it is drained",
        "release: drained, before it is free",
        "release: after it is free",
    }


def test_g7_twin_a_kernel_that_tells_the_old_holder_is_seen_at_these_steps(folder):
    """The negative twin: what arrives for nobody is delivered to whoever holds the route, or held it last."""
    found, others = rounds(folder, "msix", "irq-delivered")
    assert {step for step, (_, old, _) in others.items() if old} == {
        "release: before it is revoked",
        "release: revoked, before it is masked",
        "release: masked, before the read back",
        "release: in the window",
    }
    early = {step for step, (_, _, unasked) in found.items() if unasked > EXPECTED[step]["msix"][2]}
    assert early == {
        "bind: before it is programmed",
        "bind: after it is programmed",
        "bind: masked, before the read back",
        "bind: in the window",
        "release: before it is drained",
        "release: drained, before it is free",
        "release: after it is free",
    }


def slow_bind(folder, kernel):
    m, status = machine.run(
        archive.build(folder, ["slow_bind"]), "manifest=slow_bind provoke=irq-slow", extra=DEVICES["msix"], kernel=kernel
    )
    assert status == qemu.EXIT_SUCCESS
    m.find(messages.SLOW_WINDOW)
    return m.find(messages.SLOW_WAIT)


def test_a_slice_that_ends_in_a_window_does_not_end_the_wait_of_the_same_call(folder):
    found = slow_bind(folder, paths.CHECKED)
    assert (found["status"], found["when"]) == ("TN_ETIMEDOUT", "at")


def test_twin_a_process_that_stays_in_the_queue_is_noticed(folder):
    """The negative twin: it goes on before its time, with nothing to show for it."""
    found = slow_bind(folder, paths.TWIN)
    assert (found["status"], found["when"]) == ("TN_OK", "before")


def test_the_release_kernel_raises_nothing(folder):
    manifest = "irq_steps_msix"
    m, status = machine.run(archive.build(folder, [manifest]), f"manifest={manifest} provoke=irq-steps", extra=DEVICES["msix"])
    assert status == qemu.EXIT_SUCCESS
    m.lacks(messages.STEP_RAISED)
    assert {match["unasked"] for match in m.find_all(messages.STEP_HEARD)} == {"0"}
