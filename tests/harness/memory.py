# SPDX-License-Identifier: Apache-2.0
"""The memory of a machine under test, looked at from outside: a copy of all RAM, and what a process sees of it."""

import os
import re
import struct

from harness.disks import MiB

PAGE = 4096
PRESENT, USER, LARGE = 1, 4, 0x80
ADDRESS = 0x000FFFFFFFFFF000


def dump(monitor, folder, mebibytes):
    """All RAM of a machine with less than 2 GiB; the machine stands still from here on."""
    path = os.path.join(folder, "ram")
    monitor.ask("stop")
    monitor.ask("pmemsave", val=0, size=mebibytes * MiB, filename=path)
    with open(path, "rb") as file:
        return file.read()


def places(ram, what):
    """Offsets at which `what` stands."""
    return [match.start() for match in re.finditer(re.escape(what), ram)]


def root(monitor):
    """CR3 of the processor."""
    registers = monitor.ask("human-monitor-command", **{"command-line": "info registers"})
    return int(re.search(r"CR3=([0-9a-f]+)", registers)[1], 16) & ADDRESS


def user_pages(ram, table, level=4):
    """Physical addresses of the pages that user mode reaches from a page table."""
    for (entry,) in struct.iter_unpack("<Q", ram[table : table + (PAGE // 2 if level == 4 else PAGE)]):
        if not entry & PRESENT or not entry & USER:
            continue
        if level > 1 and not entry & LARGE:
            yield from user_pages(ram, entry & ADDRESS, level - 1)
        elif entry & ADDRESS < len(ram):
            yield entry & ADDRESS
