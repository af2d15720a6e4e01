# SPDX-License-Identifier: Apache-2.0
"""Builds of core/ beside those of Meson: with one bug seeded, under the fuzzer, and under the coverage counters. Every
build is of a copy or of the tree's own files, in a folder of the test's own; core/ itself is never written to."""

import glob
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from harness import paths

CLANG = "clang"
FLAGS = ["-std=gnu17", "-g", f"-I{paths.ROOT}/include"]
FUZZ_FLAGS = ["-O2", "-fsanitize=fuzzer-no-link,address,undefined", "-fno-sanitize-recover=undefined"]
FUZZ_LINK = ["-fsanitize=fuzzer,address,undefined"]
# What a finding looks like; a fuzzer that merely does not start is none.
FINDING = re.compile(r"^oracle: .*|.*runtime error: .*|.*ERROR: (?:AddressSanitizer|libFuzzer): .*", re.M)


@dataclass(frozen=True)
class Bug:
    """One wrong edit of core/: either a TN_TWIN_* switch or `old` (once in `file`) replaced by `new`."""

    name: str
    file: str = ""
    old: str = ""
    new: str = ""

    @property
    def switch(self):
        return self.name if self.name.startswith("TN_TWIN_") else ""


def switches():
    """Every negative twin that core/ has, as it stands in its sources."""
    found = set()
    for path in glob.glob(f"{paths.ROOT}/core/*.[ch]"):
        with open(path, encoding="utf-8") as file:
            found |= set(re.findall(r"\bTN_TWIN_[A-Z]+\b", file.read()))
    return [Bug(name) for name in sorted(found)]


EDITS = [
    Bug("take_does_not_move_on", "slot.c", "slots->head = slots->head + 1 < slots->count ? slots->head + 1 : 0;", ""),
    Bug("give_does_not_count", "slot.c", "    slots->free++;\n", "    (void)end;\n"),
    Bug("retires_one_too_late", "slot.c", "if (s[slot].generation >= slots->generation_max) {",
        "if (s[slot].generation > slots->generation_max) {"),
    Bug("retired_slot_is_free", "slot.c", "s[slot].generation = TN_SLOT_RETIRED;\n        return;",
        "s[slot].generation = 0;"),
    Bug("newest_free_slot_first", "slot.c", "uint32_t taken = slots->slot[slots->head].at_place;",
        "uint32_t taken = slots->slot[slots->head].at_place;\n    if (slots->free > 1 && slots->head + 1 < slots->count) {\n"
        "        uint32_t second = slots->slot[slots->head + 1].at_place;\n"
        "        slots->slot[slots->head + 1].at_place = taken, slots->slot[taken].place = slots->head + 1;\n"
        "        slots->slot[slots->head].at_place = second, slots->slot[second].place = slots->head;\n"
        "        taken = second;\n    }"),
    Bug("turn_keeps_the_generation", "cap.c", "    tn_slots_advance(&table->slots, slot);\n", ""),
    Bug("turn_decides_for_one_step", "cap.c", "slot_of(table, cap), 2)", "slot_of(table, cap), 1)"),
    Bug("kind_is_not_looked_at", "cap.c", "if (cap->kind != kind)", "if (cap->kind == TN_KIND_NONE)"),
    Bug("refusal_is_not_counted", "cap.c", "        table->refused = tn_count_one(table->refused);\n        return status;",
        "        return status;"),
    Bug("submit_keeps_the_generation", "dma_queue.c",
        "    tn_buffer_move(pool, slot, TN_BUFFER_IN_FLIGHT);\n    tn_slots_advance(&pool->slots, slot);",
        "    tn_buffer_move(pool, slot, TN_BUFFER_IN_FLIGHT);"),
    Bug("submit_decides_for_one_step", "dma_queue.c", "tn_slots_can_advance(&pool->slots, slot, 2)",
        "tn_slots_can_advance(&pool->slots, slot, 1)"),
    Bug("submit_in_a_revoked_pool", "dma_queue.c", "if (pool->state != TN_POOL_MAPPED)",
        "if (pool->state == TN_POOL_EMPTY)"),
    Bug("submit_longer_than_allocated", "dma_queue.c", "submission->length > pool->record[slot].length",
        "submission->length > pool->buffer_bytes"),
    Bug("full_queue_not_noticed", "dma_queue.c", "return queue->slots.free > 0 ? TN_OK : TN_EAGAIN;",
        "return queue->slots.free > 0 || queue->slots.count > 0 ? TN_OK : TN_EAGAIN;"),
    Bug("last_ticket_is_given", "dma_queue.c", "queue->next_ticket == UINT64_MAX || ", ""),
    Bug("ticket_is_not_new", "dma_queue.c", "fence->ticket = queue->next_ticket++;",
        "fence->ticket = queue->next_ticket;"),
    Bug("used_may_be_one_more", "dma_queue.c", "completion->used > fence->length",
        "completion->used > (uint64_t)fence->length + 1"),
    Bug("queued_fence_completes", "dma_queue.c", "fence->state != TN_FENCE_POSTED ||", "fence->state == TN_FENCE_ENDED ||"),
    Bug("aborted_stays_in_the_fifo", "dma_queue.c", "if (queue->record[slot].state == TN_FENCE_QUEUED)",
        "if (queue->record[slot].state == TN_FENCE_FREE)"),
    Bug("quarantine_frees", "dma_queue.c", "status == TN_EABORTED ? TN_BUFFER_ABORTED : TN_BUFFER_QUARANTINED",
        "TN_BUFFER_ABORTED"),
    Bug("take_does_not_refund", "dma_queue.c", "    tn_ledger_refund(record->ledger, TN_CHARGE_IN_FLIGHT, 1);\n", ""),
    Bug("return_keeps_the_generation", "dma_queue.c",
        "        tn_buffer_move(pool, slot, TN_BUFFER_CPU);\n        tn_slots_advance(&pool->slots, slot);",
        "        tn_buffer_move(pool, slot, TN_BUFFER_CPU);"),
    Bug("orphan_twice", "dma_queue.c", "record->state == TN_FENCE_ENDED || record->orphan ?",
        "record->state == TN_FENCE_ENDED ?"),
    Bug("take_before_the_end", "dma_queue.c", "== TN_FENCE_ENDED ? TN_OK : TN_EAGAIN", "!= TN_FENCE_QUEUED ? TN_OK : TN_EAGAIN"),
    Bug("scrubbing_keeps_the_name", "dma_pool.c", "return state == TN_BUFFER_FREE || state == TN_BUFFER_SCRUBBING ?",
        "return state == TN_BUFFER_FREE ?"),
    Bug("scrubbed_is_not_refunded", "dma_pool.c", "    tn_ledger_refund(pool->ledger, TN_CHARGE_BUFFERS, 1);\n", ""),
    Bug("orphan_does_not_hold_the_pool", "dma_pool.c", " && pool->in_state[TN_BUFFER_ORPHAN] == 0", ""),
    Bug("alloc_in_any_state", "dma_pool.c", "if (pool->state != TN_POOL_MAPPED)", "if (pool->state == TN_POOL_EMPTY)"),
    Bug("quarantine_is_left", "state.c", "return to == TN_POOL_EMPTY;\n    default: /* in quarantine: for good */\n        return false;",
        "return to == TN_POOL_EMPTY;\n    default:\n        return to == TN_POOL_EMPTY;"),
    Bug("state_counts_drift", "state.c", "    pool->in_state[from]--;\n",
        "    pool->in_state[from] -= from != TN_BUFFER_ABORTED;\n"),
    Bug("refund_too_much", "ledger.c", "ledger->used[charge] -= amount;", "ledger->used[charge] = 0;"),
    Bug("sum_wraps", "ledger.c", "if (amount > ledger->limit[charge] - ledger->used[charge])",
        "if (amount + ledger->used[charge] > ledger->limit[charge])"),
    Bug("tail_may_run_ahead", "ring.c", "if (count > ring->sq_entries)", "if (count > ring->sq_entries + 1)"),
    Bug("post_keeps_the_promise", "ring.c", "    ring->reserved--;\n", ""),
    Bug("mad_head_is_empty", "ring.c", "return unread > ring->cq_entries ? ring->cq_entries : unread;",
        "return unread > ring->cq_entries ? 0 : unread;"),
]


def bugs():
    return switches() + EDITS


def core_sources(root=paths.ROOT):
    return sorted(glob.glob(f"{root}/core/*.c"))


def harness_sources():
    return sorted(glob.glob(f"{paths.ROOT}/tests/property/*.c"))


def run(words):
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stderr[-4000:]}"


def without_contracts(text):
    """The code alone: an edit is of what runs, wherever the prover's annotations stand."""
    text = re.sub(r"^[ \t]*/\*@.*?\*/[ \t]*\n|^[ \t]*//@[^\n]*\n", "", text, flags=re.M | re.S)
    return re.sub(r"/\*@.*?\*/|//@[^\n]*", "", text, flags=re.S)


def copy_with(bug, folder):
    """A copy of core/ under `folder`, with the bug; returns the folder that stands for the tree's root."""
    root = os.path.join(folder, f"tree-{bug.name}")
    shutil.copytree(os.path.join(paths.ROOT, "core"), os.path.join(root, "core"))
    if bug.switch:
        return root
    path = os.path.join(root, "core", bug.file)
    with open(path, encoding="utf-8") as file:
        text = without_contracts(file.read())
    assert text.count(bug.old) == 1, f"{bug.name}: what it replaces is {text.count(bug.old)} times in core/{bug.file}, must be once"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(bug.old, bug.new))
    return root


def objects(sources, folder, compiler, flags):
    """Compiles, two at a time; returns the object files."""
    os.makedirs(folder, exist_ok=True)
    made, running = [], []
    for source in sources:
        made.append(os.path.join(folder, os.path.basename(source) + ".o"))
        running.append(subprocess.Popen([compiler, *FLAGS, *flags, "-c", source, "-o", made[-1]], stderr=subprocess.PIPE, text=True))
        if len(running) == 2:
            finish(running.pop(0))
    for process in running:
        finish(process)
    return made


def finish(process):
    _, errors = process.communicate()
    assert process.returncode == 0, errors[-4000:]


def fuzzer(folder, root, harness, defines=()):
    """libFuzzer on the core under `root`; `harness`: objects that do not change from bug to bug."""
    core = objects(core_sources(root), os.path.join(root, "fuzz"), CLANG, [*FUZZ_FLAGS, *defines])
    program = os.path.join(folder, "fuzzer")
    run([CLANG, *FUZZ_LINK, *harness, *core, "-o", program])
    return program


def fuzz_harness(folder):
    """The oracle is no code under test: without counters and sanitizers the fuzzer runs twice as fast."""
    sources = [s for s in harness_sources() if not s.endswith("/property.c")] + [f"{paths.ROOT}/tests/fuzz/fuzz_core.c"]
    plain = [s for s in sources if s.endswith(("/oracle.c", "/compare.c", "/random.c"))]
    steered = [s for s in sources if s not in plain]
    into, include = os.path.join(folder, "fuzz-harness"), f"-I{paths.ROOT}"
    return objects(plain, into, CLANG, ["-O2", include]) + objects(steered, into, CLANG, [*FUZZ_FLAGS, include])


def property_harness(folder):
    return objects(harness_sources(), os.path.join(folder, "property-harness"), "gcc", ["-O2", f"-I{paths.ROOT}"])


def property_program(folder, root, harness, defines=()):
    core = objects(core_sources(root), os.path.join(root, "property"), "gcc", ["-O2", "-w", *defines])
    program = os.path.join(folder, "property")
    run(["gcc", *harness, *core, "-o", program])
    return program


def defines_of(bug):
    return [f"-D{bug.switch}"] if bug.switch else []
