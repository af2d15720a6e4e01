# SPDX-License-Identifier: Apache-2.0
"""The bytes of a compiled manifest: include/tenure/abi/manifest.h in Python. tests/tools compares the two."""

import struct

MAGIC = 0x464D4E54
VERSION = 3
NAME_MAX = 32
ARGS_MAX = 256
PROCESSES_MAX = 16
DEVICES_MAX = 4
USES_MAX = 4
RING_ENTRIES_MIN = 8
RING_ENTRIES_MAX = 1024

MATCH_CLASS = 1
MATCH_ID = 2
POLICIES = {"blocked": 0, "trusted": 1, "remapped-pool": 2, "remapped-strict": 3}
DEVICE_LATER = 1
DEVICE_WORD = 2
DEVICE_DROPS_CACHE = 4
DEVICE_FLAGS = {"later": DEVICE_LATER, "device_word": DEVICE_WORD, "drops_cache": DEVICE_DROPS_CACHE}
RIGHTS = {"read": 1, "read-write": 1 | 2}
PROCESS_JOB = 1
PROCESS_GUARD_OFF = 2
PROCESS_AUDITOR = 4
PROCESS_CONSOLE = 8
PROCESS_SUPERVISOR = 16

# In the order of struct tn_budget.
BUDGET_KEYS = (
    "pool_bytes",
    "mmio_bytes",
    "memory_pages",
    "buffers",
    "interrupts",
    "in_flight",
    "cap_slots",
    "channels",
    "sq_entries",
    "cq_entries",
)

# In the order of struct tn_restart.
RESTART_KEYS = ("limit", "window_ms", "backoff_ms", "heartbeat_ms")

HEADER = struct.Struct(f"<4I{NAME_MAX}s")
BUDGET = struct.Struct("<2Q8I")
RESTART = struct.Struct("<4I")
DEVICE = struct.Struct("<5I")
USE = struct.Struct(f"<{NAME_MAX}s2I")
PROCESS_HEAD = struct.Struct(f"<{NAME_MAX}s{NAME_MAX}s{ARGS_MAX}s{NAME_MAX}s4I")
PROCESS_SIZE = PROCESS_HEAD.size + BUDGET.size + RESTART.size + DEVICES_MAX * DEVICE.size + USES_MAX * USE.size


def _table(record, rows, places):
    packed = b"".join(record.pack(*row) for row in rows)
    return packed.ljust(places * record.size, b"\0")


def pack_process(process):
    """`process`: the checked form that manifestc.py makes."""
    head = PROCESS_HEAD.pack(
        process["name"].encode(),
        process["image"].encode(),
        process["args"].encode(),
        process["serves"].encode(),
        (PROCESS_JOB if process["job"] else 0)
        | (PROCESS_GUARD_OFF if process["guard"] == "off" else 0)
        | (PROCESS_AUDITOR if process["audit"] else 0)
        | (PROCESS_CONSOLE if process["console"] == "shell" else 0)
        | (PROCESS_SUPERVISOR if process["supervisor"] else 0),
        len(process["device"]),
        len(process["uses"]),
        0,
    )
    budget = BUDGET.pack(*(process["budget"][key] for key in BUDGET_KEYS))
    restart = RESTART.pack(*(process["restart"].get(key, 0) for key in RESTART_KEYS))
    devices = _table(DEVICE, process["device"], DEVICES_MAX)
    uses = _table(USE, [(service.encode(), rights, deadline) for service, rights, deadline in process["uses"]], USES_MAX)
    return head + budget + restart + devices + uses


def pack_manifest(name, processes):
    body = b"".join(pack_process(p) for p in processes)
    return HEADER.pack(MAGIC, VERSION, HEADER.size + len(body), len(processes), name.encode()) + body
