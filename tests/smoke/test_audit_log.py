# SPDX-License-Identifier: Apache-2.0
"""G12 in the machine: a process with the capability reads what others did and were refused, while one of them makes noise."""

import re

from harness import archive, disks, machine, messages, paths
from harness.disks import MiB

import qemu

# include/tenure/abi: operations and kinds by their numbers.
MMIO_MAP, INTERRUPT_BIND, POOL_CREATE, SHARED_ALLOC, BUS_MASTER, SERVE = 19, 21, 32, 36, 18, 49
START, CLAIM, GRANT = 256, 258, 262
DRIVER = [GRANT] * 3 + [CLAIM, START, MMIO_MAP, MMIO_MAP, MMIO_MAP, POOL_CREATE, SHARED_ALLOC, INTERRUPT_BIND, INTERRUPT_BIND]
DRIVER += [BUS_MASTER, SERVE]


def run(folder, kernel=paths.KERNEL):
    disk, other = disks.Image(folder, MiB), disks.scratch(folder, MiB)
    words = "manifest=audited args.fuzz_driver=seed=1,rounds=300,lies=0 args.fuzz_client=seed=2,rounds=300,lies=0"
    m, status = machine.run(archive.build(folder, ["audited"]), words, [disk.disk(), other.disk(read_only=False)], kernel=kernel)
    assert status == qemu.EXIT_SUCCESS, m.text()
    return m, [found for line in m.lines if (found := re.search(messages.AUDIT, line.text))]


def test_g12_what_is_done_and_refused_is_on_the_log_in_order(folder):
    m, records = run(folder)
    sequences = [int(r["sequence"]) for r in records]
    assert sequences == sorted(set(sequences)) and len(sequences) > 100
    # A driver that made no noise lost nothing to those who did.
    driver = [(int(r["action"]), r["status"]) for r in records if r["subject"] == "virtio_blk0"]
    assert sorted(action for action, _ in driver) == sorted(DRIVER), driver
    assert {status for _, status in driver} == {"TN_OK"}
    refused = [r for r in records if r["subject"] == "fuzz_client" and r["status"] != "TN_OK"]
    assert len({r["status"] for r in refused}) >= 3, "a process that calls at random is refused for many reasons"
    m.find(messages.AUDIT_REFUSALS)
    assert int(m.find(messages.AUDIT_LOST)["lost"]) > 0


def test_g12_twin_a_kernel_that_forgets_refusals_is_noticed(folder):
    _, records = run(folder, kernel=paths.TWIN)
    assert [r for r in records if r["status"] != "TN_OK"] == []
