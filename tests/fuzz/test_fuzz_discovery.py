# SPDX-License-Identifier: Apache-2.0
"""libFuzzer on the parsers of ACPI tables and configuration space, from tables of QEMU's machines: nothing found in ten
seconds, and planted bugs are found."""

import os
import re
import struct
import subprocess

import pytest

from harness import discovery_builds, paths

import acpi_dump

SECONDS = 10
BUG_SECONDS = 20
LONG_SECONDS = 180
CORPUS = os.path.join(paths.ROOT, "tests", "fuzz", "acpi_corpus.txt")
BROKEN = os.path.join(paths.ROOT, "tests", "fuzz", "acpi_broken.txt")
INPUTS = ["RSDP", "APIC", "MCFG", "DMAR", "FACP", "HPET"]  # as in fuzz_discovery.c
ALL_TABLES, CONFIG_SPACE, SEAL = 6, 7, 0x80
LOW_BASE = 0xE0000
FINDING = re.compile(r"^oracle: .*|.*runtime error: .*|.*ERROR: (?:AddressSanitizer|libFuzzer): .*", re.M)
BUGS = discovery_builds.BUGS
FUZZED = [b for b in BUGS if b.fuzz]
SAMPLE = ("madt_entry_leaves_the_table", "dmar_path_is_not_bounded", "capability_loop")


def lines(path):
    """(machine, signature, bytes) of each line."""
    with open(path, encoding="ascii") as file:
        rows = [line.split() for line in file if not line.startswith("#") and line.strip()]
    return [(name, signature, bytes.fromhex(data)) for name, signature, data in rows]


def sealed(table):
    table = bytearray(table)
    struct.pack_into("<I", table, 4, len(table))
    table[9] = 0
    table[9] = -sum(table) & 0xFF
    return bytes(table)


def memory_of(tables):
    """RSDP, root table and tables in one piece of memory at LOW_BASE, as fuzz_discovery.c reads it."""
    data, entries = bytearray(64), []
    for _, table in tables:
        entries.append(LOW_BASE + len(data))
        data += table + bytes(-len(table) % 16)
    root = LOW_BASE + len(data)
    data += sealed(b"RSDT" + bytes(32) + b"".join(struct.pack("<I", e) for e in entries))
    rsdp = bytearray(struct.pack("<8sB6sBI", b"RSD PTR ", 0, b"TENURE", 0, root))
    rsdp[8] = -sum(rsdp) & 0xFF
    data[: len(rsdp)] = rsdp
    return bytes(data)


def unpack_corpus(folder):
    corpus = os.path.join(folder, "corpus")
    os.makedirs(corpus)
    inputs, machines = [], {}
    for name, signature, data in lines(CORPUS) + lines(BROKEN):
        if signature in INPUTS:
            inputs.append(bytes([INPUTS.index(signature) | (SEAL if signature != "RSDP" else 0)]) + data)
            if signature != "RSDP":
                machines.setdefault(name, []).append((signature, data))
    inputs += [bytes([ALL_TABLES]) + memory_of(tables) for tables in machines.values()]
    inputs.append(bytes([CONFIG_SPACE]) + bytes(range(256)))
    for n, data in enumerate(inputs):
        with open(os.path.join(corpus, f"{n:04}"), "wb") as file:
            file.write(data)
    return corpus


def fuzz(program, folder, seconds):
    """(exit status, output)"""
    words = [program, "-seed=1", "-max_len=2048", f"-max_total_time={seconds}", "-timeout=5", "-print_final_stats=1"]
    words += [f"-artifact_prefix={folder}/", unpack_corpus(folder)]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=seconds + 60)
    return done.returncode, done.stderr


def no_finding(folder, seconds):
    status, output = fuzz(discovery_builds.fuzzer(None, folder), folder, seconds)
    assert status == 0, output[-3000:]
    runs = int(re.search(r"stat::number_of_executed_units:\s+(\d+)", output)[1])
    assert runs > 500 * seconds, f"{runs} inputs only: the fuzzer hardly ran"


def test_the_fuzzer_finds_nothing_in_ten_seconds(folder):
    no_finding(folder, SECONDS)


@pytest.mark.long
def test_the_fuzzer_finds_nothing_in_minutes(folder):
    no_finding(folder, LONG_SECONDS)


def is_found(bug, folder):
    status, output = fuzz(discovery_builds.fuzzer(bug, folder), folder, BUG_SECONDS)
    assert status != 0 and FINDING.search(output), f"{bug.name} was not found within {BUG_SECONDS} s:\n{output[-1500:]}"


@pytest.mark.parametrize("bug", [b for b in FUZZED if b.name in SAMPLE], ids=lambda b: b.name)
def test_twin_a_planted_bug_is_found_by_the_fuzzer(bug, folder):
    is_found(bug, folder)


@pytest.mark.long
@pytest.mark.parametrize("bug", FUZZED, ids=lambda b: b.name)
def test_twin_every_planted_bug_is_found_by_the_fuzzer(bug, folder):
    is_found(bug, folder)


@pytest.mark.parametrize("bug", [b for b in BUGS if b.unit], ids=lambda b: b.name)
def test_twin_a_planted_bug_is_found_by_its_host_test(bug, folder):
    program = discovery_builds.unit_test(bug, folder)
    done = subprocess.run([program, "--twin", bug.test], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{bug.test} passes with {bug.name}:\n{done.stdout[-1500:]}{done.stderr[-1500:]}"


def test_the_corpus_is_what_its_script_would_take_from_the_machines():
    """The small ones, from one machine: the tables of today's QEMU are those of the corpus, addresses apart."""
    kept = {(name, signature): data for name, signature, data in lines(CORPUS)}
    taken = dict(acpi_dump.tables(acpi_dump.MACHINES["pc"]))
    for signature in ("APIC", "HPET"):
        assert taken[signature] == kept["pc", signature], signature
    assert {name for name, _ in kept} == set(acpi_dump.MACHINES)
