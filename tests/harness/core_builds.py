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
    # ---- slots and capabilities ----
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
    # ---- marks and pools ----
    Bug("a_step_back_keeps_the_generation", "dma_mark.h", "TN_MARK_STATES + to - from;", "(uint64_t)to - from;"),
    Bug("leaves_at_the_last_generation", "dma_pool.c", "return name.mark < pool->last_mark ? TN_OK : TN_ERETIRED;", "return TN_OK;"),
    Bug("submit_in_a_revoked_pool", "dma_pool.c", "    if (!pool->open)\n        return TN_ESTATE;\n    if (length",
        "    if (pool->state == TN_POOL_EMPTY)\n        return TN_ESTATE;\n    if (length"),
    Bug("submit_longer_than_the_buffer", "dma_pool.c", "length == 0 || length > pool->buffer_bytes", "length == 0"),
    Bug("scrubbing_keeps_the_name", "dma_pool.c", "state != TN_BUFFER_FREE && state != TN_BUFFER_SCRUBBING &&",
        "state != TN_BUFFER_FREE &&"),
    Bug("released_is_not_free", "dma_pool.h", "    pool->free = top + 1;\n", ""),
    Bug("oldest_free_buffer_first", "dma_alloc.h", "uint64_t slot = pool->stack[top];",
        "uint64_t slot = pool->stack[0];\n    for (uint32_t i = 0; i < top; i++)\n        pool->stack[i] = pool->stack[i + 1];"),
    Bug("orphan_does_not_hold_the_pool", "dma_mark.h", "state == TN_BUFFER_IN_FLIGHT || state == TN_BUFFER_ORPHAN ||",
        "state == TN_BUFFER_IN_FLIGHT ||"),
    Bug("alloc_in_any_state", "dma_alloc.h", "if (__builtin_expect(pool->open && pool->free != 0, 1)",
        "if (__builtin_expect(pool->free != 0, 1)"),
    Bug("alloc_on_a_lost_page", "dma_alloc.h", "    if (pool->page_away != NULL)\n        tn_stack_choose(pool);\n", ""),
    Bug("alloc_refuses_what_is_not_lost", "dma_alloc.c", "for (uint32_t left = pool->free; left > 0; left--)\n        if",
        "uint32_t left = pool->free;\n    if (left > 0)\n        if"),
    Bug("used_out_of_reach", "dma_pool.c", "pool->state == TN_POOL_MAPPED || pool->state == TN_POOL_REVOKING;",
        "pool->state != TN_POOL_EMPTY;"),
    Bug("used_again_after_quarantine", "dma_pool.c", "        return pool->quarantined == 0;", "        return true;"),
    Bug("a_lost_page_never_ends", "dma_pool.c", "if (!rests && ((state", "if (!rests && (true || (state"),
    Bug("a_page_ends_under_the_cpu", "dma_pool.c", " || !tn_page_is_lost(pool, i)", ""),
    Bug("quarantine_is_left", "machine.h", "    MOVE(TN_POOL_SCRUBBED, TN_POOL_EMPTY,",
        "    MOVE(TN_POOL_QUARANTINED, TN_POOL_MAPPED, \"\") MOVE(TN_POOL_SCRUBBED, TN_POOL_EMPTY,"),
    Bug("quarantine_is_left_with_a_fence", "dma_pool.c", "pool->state != TN_POOL_QUARANTINED || buffers", "true || buffers"),
    Bug("buffer_counts_drift", "dma_pool.h", "pool->away--;", "pool->away -= from != TN_BUFFER_ORPHAN;"),
    # ---- slices ----
    Bug("a_lost_page_is_forgotten", "dma_pool.c", "*away = (uint16_t)(*away + TN_PAGE_LOST);", "(void)away;"),
    Bug("slice_comes_home_too_early", "dma_pool.c", "state == TN_BUFFER_ORPHAN ? TN_PAGE_LOST - 1 : 0)",
        "state == TN_BUFFER_ORPHAN ? TN_PAGE_LOST - 1 : 1)"),
    Bug("slice_is_used_too_early", "dma_pool.c", "return page_decide(pool, name.slot, 0);", "return page_decide(pool, name.slot, 1);"),
    Bug("page_of_a_neighbour", "dma_pool.c", "slot / pool->buffers_per_page", "slot % pool->buffers_per_page"),
    Bug("lost_slice_is_taken", "dma_part.h", "} else if (status == TN_EQUARANTINED) {", "} else if (status == TN_EBUDGET) {"),
    # ---- the direct path ----
    Bug("direct_in_any_state", "dma_direct.h", "pool->mark[name.slot] == name.mark && tn_mark_state(name.mark) == state;",
        "pool->mark[name.slot] == name.mark;"),
    Bug("direct_used_is_not_checked", "dma_direct.h", " && used <= pool->length[name.slot]", ""),
    Bug("direct_in_a_revoked_pool", "dma_direct.h", "pool->direct_open, name, TN_BUFFER_CPU)", "pool->direct, name, TN_BUFFER_CPU)"),
    Bug("direct_at_the_last_generation", "dma_direct.h", " &&\n           name.mark < pool->last_mark", ""),
    Bug("direct_length_is_forgotten", "dma_direct.h", "    tn_length_write(pool, name.slot, length);\n", ""),
    Bug("queue_on_a_direct_pool", "dma_pool.c", "    if (pool->direct != 0)\n        return TN_ENOTSUP;\n", ""),
    Bug("scrubbed_under_a_device", "dma_pool.c", "    return page_decide(pool, slot, 0);", "    return TN_OK;"),
    Bug("direct_empty_submission", "dma_direct.h", "length != 0 &&", ""),
    # ---- submissions ----
    Bug("full_queue_not_noticed", "dma_submit.c", "return queue->slots.free > 0 ? TN_OK : TN_EAGAIN;",
        "return queue->slots.free > 0 || queue->slots.count > 0 ? TN_OK : TN_EAGAIN;"),
    Bug("last_ticket_is_given", "dma_submit.c", "queue->next_ticket == UINT64_MAX || ", ""),
    Bug("last_ticket_is_given_at_the_close", "dma_submit.c", "return queue->next_ticket == UINT64_MAX ? TN_ERETIRED : TN_OK;",
        "return TN_OK;"),
    Bug("close_after_the_revoke", "dma_submit.c", " || !record->pool->open)", ")"),
    Bug("close_for_a_client_that_is_gone", "dma_submit.c", "record->orphan || !record", "!record"),
    Bug("ticket_is_not_new", "dma_step.h", "ticket = queue->next_ticket++;", "ticket = queue->next_ticket;"),
    # ---- scatter-gather ----
    Bug("add_to_a_fence_that_has_left", "dma_submit.c", "record->state != TN_FENCE_OPEN || record->orphan)",
        "record->state == TN_FENCE_ENDED || record->orphan)"),
    Bug("add_for_a_client_that_is_gone", "dma_submit.c", "record->state != TN_FENCE_OPEN || record->orphan)",
        "record->state != TN_FENCE_OPEN)"),
    Bug("add_one_too_many", "dma_submit.c", "record->parts >= queue->parts_max", "record->parts > queue->parts_max"),
    Bug("add_is_not_charged", "dma_begin.h",
        "    tn_queue_charge(queue, ledger);\n    tn_fence_more(", "    (void)ledger;\n    tn_fence_more("),
    Bug("add_forgets_its_bytes", "dma_begin.h", "    record->length += length;\n", ""),
    Bug("used_is_dealt_to_each", "dma_end.h", "    queue->record[slot].used -= used;\n", "    (void)used;\n"),
    Bug("last_comes_too_early", "dma_end.h", "last = queue->record[slot].taken == queue->record[slot].parts;",
        "last = queue->record[slot].taken + 1 >= queue->record[slot].parts;"),
    Bug("only_the_first_buffer_ends", "dma_queue.c", "for (uint32_t i = 0; i < count; i++) {",
        "for (uint32_t i = 0; i < 1 && i < count; i++) {"),
    # ---- ends, waiting, taking ----
    Bug("used_may_be_one_more", "dma_queue.c", "completion->used > fence->length",
        "completion->used > (uint64_t)fence->length + 1"),
    Bug("queued_fence_completes", "dma_queue.c", "fence->state != TN_FENCE_POSTED ||", "fence->state == TN_FENCE_ENDED ||"),
    Bug("aborted_stays_in_the_fifo", "dma_end.h", "if (queue->record[slot].state == TN_FENCE_QUEUED)",
        "if (queue->record[slot].state == TN_FENCE_FREE)"),
    Bug("quarantine_frees", "dma_queue.c", "status == TN_EABORTED ? TN_BUFFER_ABORTED : TN_BUFFER_QUARANTINED",
        "TN_BUFFER_ABORTED"),
    Bug("orphan_twice", "dma_queue.c", "record->state == TN_FENCE_ENDED || record->orphan ?",
        "record->state == TN_FENCE_ENDED ?"),
    Bug("one_waiter_too_many", "dma_wait.c", "record->waiters < queue->waiters_max", "record->waiters <= queue->waiters_max"),
    Bug("waiters_of_the_last_fence_stay", "dma_step.h", "    fence->waiters = 0;\n", ""),
    Bug("a_wait_that_ends_twice", "dma_wait.c", "    if (record->waiters > 0)\n        record->waiters--;", "    record->waiters--;"),
    Bug("wait_beyond_the_deadline", "dma_wait.c", "now < deadline ?", "now <= deadline ?"),
    Bug("ended_is_enough", "dma_wait.c", "    if (status == TN_OK)\n        return TN_OK;\n",
        "    if (queue->record[tn_handle_slot(fence)].state == TN_FENCE_ENDED)\n        return TN_OK;\n"),
    Bug("wait_for_ever", "dma_wait.c", "    if (deadline == TN_WAIT_FOR_EVER)\n        return TN_EINVAL;\n", ""),
    Bug("take_does_not_refund", "dma_charge.h", "    tn_ledger_refund(ledger, TN_CHARGE_IN_FLIGHT, 1);\n", ""),
    Bug("take_before_the_end", "dma_take.c", "    if (record->state != TN_FENCE_ENDED)\n        return TN_EAGAIN;",
        "    if (record->state == TN_FENCE_QUEUED)\n        return TN_EAGAIN;"),
    Bug("flush_that_nobody_began", "gather.c", "return gather->gathered[(number - 1) % gather->entries].flushed ? TN_OK : TN_ESTALE;",
        "return TN_OK;"),
    Bug("gathers_one_too_many", "gather.c", "gather->tail - gather->head < gather->entries", "gather->tail - gather->head <= gather->entries"),
    # ---- budgets and rings ----
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


def is_inline(bug):
    """Does it change a header, and so what the callers of core/ are made of?"""
    if not bug.switch:
        return bug.file.endswith(".h")
    headers = ""
    for path in glob.glob(f"{paths.ROOT}/core/*.h"):
        with open(path, encoding="utf-8") as file:
            headers += file.read()
    return re.search(rf"\b{bug.switch}\b", headers) is not None


def with_callers(harness, root, kind, compiler, flags):
    """The harness, its callers of core/ compiled again for the core under `root`."""
    callers = [s for s in harness_sources() if os.path.basename(s).startswith("op_")]
    made = objects(callers, os.path.join(root, kind), compiler, [*flags, "-w", f"-I{root}"])
    names = {os.path.basename(path) for path in made}
    return [path for path in harness if os.path.basename(path) not in names] + made


def fuzzer(folder, root, harness, defines=(), inline=False):
    """libFuzzer on the core under `root`; `harness`: objects that do not change from bug to bug, unless it is `inline`."""
    if inline:
        harness = with_callers(harness, root, "fuzz-callers", CLANG, [*FUZZ_FLAGS, *defines])
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


def property_program(folder, root, harness, defines=(), inline=False):
    if inline:
        harness = with_callers(harness, root, "property-callers", "gcc", ["-O2", *defines])
    core = objects(core_sources(root), os.path.join(root, "property"), "gcc", ["-O2", "-w", *defines])
    program = os.path.join(folder, "property")
    run(["gcc", *harness, *core, "-o", program])
    return program


def defines_of(bug):
    return [f"-D{bug.switch}"] if bug.switch else []
