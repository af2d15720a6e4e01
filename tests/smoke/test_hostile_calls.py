# SPDX-License-Identifier: Apache-2.0
"""Random system calls by processes that mean harm: the kernel goes on, and so do the others."""

import pytest

from harness import archive, disks, machine, messages
from harness.disks import MiB

import qemu


def fuzz(folder, seed, rounds, lies, iommu, timeout=120):
    disk, other = disks.Image(folder, MiB), disks.scratch(folder, MiB)
    extra, obeys = (qemu.IOMMU, qemu.OBEYS) if iommu == "iommu" else ([], {})
    words = f"seed={seed},rounds={rounds},lies={lies}"
    append = f"manifest=call_fuzz args.fuzz_driver={words} args.fuzz_client={words}1"
    append = append.replace(f"{words}1", f"seed={seed + 7},rounds={rounds},lies={lies}")
    m, status = machine.run(
        archive.build(folder, ["call_fuzz"]),
        append,
        [disk.disk(**obeys), other.disk(read_only=False, **obeys)],
        extra=extra,
        timeout=timeout,
    )
    m.lacks(messages.PANIC)
    m.lacks(messages.FAULT_ANY)
    assert m.find(messages.READ)["sha256"] == disk.sha256(), "the reader beside them is not disturbed"
    for process in ("fuzz_driver", "fuzz_client"):
        calls = m.find(messages.of(messages.CALLS, process=process))
        assert int(calls["done"]) > rounds // 10 and int(calls["refused"]) > rounds
    assert status == qemu.EXIT_SUCCESS


@pytest.mark.parametrize("iommu", ["bare", "iommu"])
@pytest.mark.parametrize("lies", [0, 1])
def test_g6_random_calls_harm_nobody(folder, lies, iommu):
    fuzz(folder, disks.random_of("calls").randrange(1, 1 << 32), 2000, lies, iommu)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 9))
def test_g6_many_random_calls_harm_nobody(folder, seed):
    fuzz(folder, seed, 100000, seed % 2, "iommu" if seed // 2 % 2 else "bare", timeout=500)
