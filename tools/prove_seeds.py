# SPDX-License-Identifier: Apache-2.0
"""Bugs to plant in a copy of core/, one at a time: each must leave a goal unproved. Used by prove.py and its tests."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Seed:
    unit: str  # of prove_functions.py
    function: str  # whose goals must notice
    file: str
    old: str
    new: str


def _seed(unit, function, old, new="", file=None):
    return Seed(unit, function, file or {"pool": "dma_pool.c", "queue": "dma_queue.c"}.get(unit, unit + ".c"), old, new)


SEEDS = {
    # slots: generations, retirement, the ring
    "generation_stays": _seed("slot", "grow", "    s->generation++;\n#endif", "    (void)s;\n#endif"),
    "never_retired": _seed("slot", "tn_slots_give", ".generation >= slots->generation_max) {", ".generation > slots->generation_max) {"),
    "retired_keeps_its_name": _seed("slot", "tn_slots_give", "        s[slot].generation = TN_SLOT_RETIRED;\n"),
    "head_leaves_the_ring": _seed("slot", "tn_slots_take", "slots->head + 1 < slots->count ? slots->head + 1 : 0", "slots->head + 1"),
    "taken_stays_free": _seed("slot", "tn_slots_take", "    slots->free--;\n"),
    "given_stays_in_place": _seed("slot", "tn_slots_give", "    exchange(s, count, slot, other);\n"),
    "names_what_is_free": _seed("slot", "tn_slots_names", " && tn_slots_live(slots, slot)", file="slot.h"),
    "names_one_too_far": _seed("slot", "tn_slots_names", "return slot < slots->count &&", "return slot <= slots->count &&", "slot.h"),
    "one_generation_too_many": _seed("slot", "tn_slots_can_advance", "generation >= steps", "generation + 1 >= steps", "slot.h"),
    "any_table_size": _seed("slot", "tn_slots_fit", " && count <= TN_HANDLE_SLOTS", "", "slot.h"),
    # ledgers
    "sum_that_wraps": _seed("ledger", "tn_ledger_decide", "if (amount > ledger->limit[charge] - ledger->used[charge])",
                            "if (ledger->used[charge] + amount > ledger->limit[charge])"),
    "refund_of_everything": _seed("ledger", "tn_ledger_refund", "ledger->used[charge] -= amount", "ledger->used[charge] = 0"),
    "charged_when_refused": _seed("ledger", "tn_ledger_charge", "if (status == TN_OK)", "if (status != TN_OK)"),
    # rings
    "promises_forgotten": _seed("ring", "tn_ring_reserve_decide", "tn_ring_unread(ring, cq_head) + ring->reserved;",
                                "tn_ring_unread(ring, cq_head);"),
    "tail_one_too_far": _seed("ring", "tn_ring_pending", "if (count > ring->sq_entries)", "if (count > ring->sq_entries + 1)"),
    "head_believed": _seed("ring", "tn_ring_unread", "unread > ring->cq_entries ? ring->cq_entries : unread", "unread"),
    "promise_kept_after_use": _seed("ring", "tn_ring_post_commit", "    ring->reserved--;\n"),
    # capability tables
    "old_handles_accepted": _seed("cap", "judge", "if (!tn_slots_names(&table->slots, tn_handle_slot(handle), tn_handle_generation(handle)))",
                                  "if (tn_handle_slot(handle) >= table->slots.count)"),
    "some_right_will_do": _seed("cap", "judge", "(cap->rights & rights) != rights", "(cap->rights & rights) == 0"),
    "object_that_never_lived": _seed("cap", "tn_cap_check", "id->generation == 0 || "),
    "turn_under_one_name": _seed("cap", "tn_cap_turn_commit", "    tn_slots_advance(&table->slots, slot);\n"),
    # pools and buffers
    "old_names_accepted": _seed("pool", "tn_buffer_use_decide", " || pool->slots.slot[slot].generation != tn_handle_generation(name)"),
    "free_before_scrubbed": _seed("pool", "tn_buffer_release_commit", "tn_handle_slot(name), TN_BUFFER_SCRUBBING)", "tn_handle_slot(name), TN_BUFFER_FREE)"),
    "state_without_count": _seed("pool", "tn_buffer_move", "    pool->in_state[to]++;\n", file="state.c"),
    "any_length": _seed("pool", "tn_buffer_alloc_decide", "length == 0 || length > pool->buffer_bytes", "length == 0"),
    "orphan_named_again": _seed("pool", "tn_buffer_may_move", "return to == TN_BUFFER_SCRUBBING || to == TN_BUFFER_QUARANTINED;",
                                "return to == TN_BUFFER_SCRUBBING || to == TN_BUFFER_CPU;", "state.c"),
    # queues and fences
    "ticket_ignored": _seed("queue", "tn_complete_decide", " || fence->ticket != completion->ticket"),
    "used_believed": _seed("queue", "tn_complete_decide", " || completion->used > fence->length"),
    "fence_of_any_age": _seed("queue", "is_fence", "queue->slots.slot[slot].generation == tn_handle_generation(fence) &&", ""),
    "device_aborts": _seed("queue", "device_may_answer", "status == TN_EIO ||", "status == TN_EIO || status == TN_EABORTED ||"),
    "ended_twice": _seed("queue", "tn_fence_end_decide", "state == TN_FENCE_ENDED)\n        return TN_ESTATE;",
                         "state == TN_FENCE_FREE)\n        return TN_ESTATE;"),
}


def apply(seed, root):
    path = os.path.join(root, "core", seed.file)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if seed.old not in text:
        raise SystemExit(f"{path}: the text that this bug replaces is not there any more: {seed.old.strip()}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(seed.old, seed.new, 1))
