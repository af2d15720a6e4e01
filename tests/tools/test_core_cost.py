# SPDX-License-Identifier: Apache-2.0
"""What an operation of core/ costs: the same number of instructions whatever the size of its table, and no instruction
that locks the bus. Counted by callgrind and read from the disassembly, so nothing depends on the machine's speed."""

import os
import re
import subprocess

import pytest

from harness import core_builds, paths

import core_cost

SIZES = (64, 4096, 1 << 20)
TOLERANCE = 4  # instructions: a branch that falls the other way
# A lock prefix, or an exchange with memory, which locks without saying so.
LOCKED = re.compile(r"\t(?:lock |xchg\s+[^\n]*\()")
# A bug, and the operations that it makes dearer the larger the table is.
SCANS = (
    (core_builds.Bug(
        "take_scans_the_table", "slot.c", "    slots->free--;\n",
        "    slots->free--;\n    for (volatile uint32_t i = 0; i < slots->count; i++)\n        ;\n"),
     {"submit", "life", "cap_insert"}),
    (core_builds.Bug(
        "alloc_scans_the_pool", "dma_alloc.h", "    uint32_t top = pool->free - 1;\n",
        "    uint32_t top = pool->free - 1;\n    for (volatile uint32_t i = 0; i < pool->count; i++)\n        ;\n"),
     {"alloc", "life", "direct_alloc", "direct_life"}),
)


def differing(costs):
    """Operations whose cost is not the same everywhere, with their costs."""
    rows = {name: [cost[name] for cost in costs] for name in costs[0]}
    return {name: row for name, row in rows.items() if max(row) - min(row) > TOLERANCE}


def test_g6_no_operation_depends_on_the_size_of_its_table():
    program = os.path.join(paths.BUILD, "bench", "core-life")
    costs = [core_cost.measure(program, size) for size in SIZES]
    lives = {*core_cost.DIRECT, *core_cost.QUEUE, "direct_life", "life"}
    assert lives < set(costs[0]) and all(set(c) == set(costs[0]) for c in costs)
    assert all(costs[0][name] > 5 for name in lives), costs[0]
    assert differing(costs) == {}


@pytest.mark.parametrize("bug, dearer", SCANS, ids=lambda value: getattr(value, "name", ""))
def test_twin_g6_a_core_that_scans_is_noticed(bug, dearer, folder):
    root = core_builds.copy_with(bug, folder)
    program = os.path.join(folder, "scans")
    core_builds.run(["gcc", *core_builds.FLAGS, f"-I{root}", "-O2", f"{paths.ROOT}/bench/core_life.c",
                     *core_builds.core_sources(root), "-o", program])
    found = differing([core_cost.measure(program, size) for size in SIZES[:2]])
    assert dearer <= set(found)


def disassembly(path):
    return subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", ["core/libcore-host.a", "tenure.elf"])
def test_g6_nothing_on_the_single_owner_path_locks_the_bus(name):
    """In the kernel core/ and its callers are one unit, so the whole image is looked at."""
    text = disassembly(os.path.join(paths.BUILD, name))
    assert len(text) > 10000
    assert LOCKED.findall(text) == []


def test_twin_g6_a_locked_instruction_is_seen(folder):
    source, made = os.path.join(folder, "a.c"), os.path.join(folder, "a.o")
    for body in ("__atomic_fetch_add(x, 1, __ATOMIC_RELAXED)", "__atomic_exchange_n(x, 1, __ATOMIC_RELAXED)"):
        with open(source, "w", encoding="ascii") as file:
            file.write(f"int f(int *x) {{ return {body}; }}\n")
        core_builds.run(["gcc", "-O2", "-c", source, "-o", made])
        assert LOCKED.search(disassembly(made)), body
