# SPDX-License-Identifier: Apache-2.0
"""Row F8 in the machine (G3, G4): one cell for each kind of authority and each thing that can happen to it. The same cells on the
host: tests/unit/test_stale.c."""

import pytest

from harness import archive, machine, markers, messages, paths

import qemu

KINDS = ("dma_pool", "dma_buffer", "fence", "device_mmio", "interrupt")
EVENTS = ("revoke", "reuse", "reset", "reassign", "restart")
DEVICES = ("-device", "edu", "-device", "edu")


def start(folder, manifest, words="", kernel=paths.CHECKED):
    return machine.start(
        archive.build(folder, [manifest]), f"manifest={manifest} {words}", extra=[*qemu.IOMMU, *DEVICES], kernel=kernel
    )


def run(folder, manifest, words=""):
    m = start(folder, manifest, words)
    return m, m.wait_end()


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    return run(str(tmp_path_factory.mktemp("stale")), "stale")


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_g3_a_name_from_before_is_refused(cells, kind, event):
    m, status = cells
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    lines = [line.text for line in m.lines if line.text.startswith("stale: ")]
    at = [n for n, line in enumerate(lines) if line == f"stale: cell {kind} {event}"]
    assert at, "the cell was not tried"
    for n in at:
        assert lines[n + 1 : n + 3] == ["stale: case use: ok", "stale: case drop: ok"]


def test_g3_nothing_but_the_names_was_lost(cells):
    m, _ = cells
    assert markers.problems(m.lines, "stale") == []
    assert m.find(messages.PAGES_AT_END)["quarantined"] == "0"


def test_g4_when_no_generation_is_left_every_name_is_refused(folder):
    m, status = run(folder, "retire", "generations=stale,6")
    assert status == qemu.EXIT_SUCCESS, m.text()[-3000:]
    assert markers.problems(m.lines, "retire") == []


def test_twin_g3_names_whose_generation_stays_are_noticed(folder):
    m = start(folder, "stale", kernel=paths.TWIN)
    m.wait_for(r"^stale: (stale: FAIL|case \w+: FAIL)\b")
