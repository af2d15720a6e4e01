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


FILES = {"machine": "machine.c", "mark": "dma_mark.h", "put": "dma_pool.h", "stack": "dma_alloc.h", "init": "dma_pool_make.c", "pool": "dma_pool.c"}
FILES |= {"buffer": "dma_pool.c", "direct": "dma_direct.h", "queue": "dma_queue.c", "fifo": "dma_fifo.h", "step": "dma_step.h"}
FILES |= {"commit": "dma_queue.c", "move": "dma_queue.c", "set_up": "dma_pool_make.c", "alloc": "dma_alloc.h", "wait": "dma_wait.c", "submit_commit": "dma_submit.c"}
FILES |= {"submit_add": "dma_submit.c", "take_commit": "dma_take.c"}
FILES |= { "part": "dma_part.h", "end": "dma_end.h", "make": "dma_make.h", "queue_init": "dma_make.c"}
FILES |= {"begin": "dma_begin.h", "aside": "dma_aside.h", "charge": "dma_charge.h", "submit": "dma_submit.c", "take": "dma_take.c"}


def _seed(unit, function, old, new="", file=None):
    return Seed(unit, function, file or FILES.get(unit, unit + ".c"), old, new)


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
    # flushes
    "covers_what_came_later": _seed("gather", "tn_gather_flush_end_decide", "number > gather->begun", "number > gather->tail"),
    "ends_what_was_never_begun": _seed("gather", "tn_gather_flush_end_decide", "return gather->gathered[(number - 1) % gather->entries].flushed ? TN_OK : TN_ESTALE;", "return TN_OK;"),
    "place_keeps_its_flush": _seed("gather", "tn_gather_add_commit", "    latest->flushed = false;\n"),
    "begins_unnoted": _seed("gather", "tn_gather_flush_begin", "        gather->gathered[(gather->tail - 1) % gather->entries].flushed = true;", "        gather->begun = gather->tail;"),
    "gathers_one_too_many": _seed("gather", "tn_gather_add_decide", "gather->tail - gather->head < gather->entries", "gather->tail - gather->head <= gather->entries"),
    # interrupt routes
    "event_for_a_masked_route": _seed("route", "tn_route_arrive", "if (state == TN_ROUTE_ARMED) {", "if (state == TN_ROUTE_ARMED || state == TN_ROUTE_MASKED) {"),
    "acknowledged_by_any_sequence": _seed("route", "tn_route_acknowledge_decide", " && r->sequence == sequence"),
    "drained_with_a_request": _seed("route", "is_silent", " && evidence->not_requested &&\n           evidence->not_in_service;", ";"),
    "freed_and_not_given": _seed("route", "give_slot", "    tn_slots_give(&routes->slots, route);\n"),
    "named_when_nobodys": _seed("route", "tn_route_generation", " || !is_held(routes->route[route].state)"),
    # tables
    "state_out_of_range": _seed("machine", "tn_buffer_may_move", "return from < TN_BUFFER_STATES && ", "return "),
    # marks, counts and the stack
    "step_back_in_one_generation": _seed("mark", "tn_mark_step", "return to > from ? to - from : TN_MARK_STATES + to - from;",
                                         "return to > from ? to - from : from - to;"),
    "orphan_is_not_away": _seed("mark", "tn_buffer_is_away", "return state == TN_BUFFER_IN_FLIGHT || state == TN_BUFFER_ORPHAN ||",
                                "return state == TN_BUFFER_IN_FLIGHT ||"),
    "departure_counted_down": _seed("put", "tn_pool_count_move", "        pool->away++;\n", "        pool->away--;\n"),
    "retires_uncounted": _seed("put", "tn_pool_count_move", "        pool->retired++;\n", "        (void)pool;\n"),
    "pushed_uncounted": _seed("put", "tn_stack_push", "    pool->free = top + 1;\n"),
    "taken_stays_on_the_stack": _seed("stack", "tn_stack_take", "    pool->free = top;\n"),
    "retired_and_freed": _seed("stack", "tn_buffer_end", "        return;\n    }\n    (void)tn_buffer_put(pool, name, from, TN_BUFFER_FREE);",
                               "    }\n    (void)tn_buffer_put(pool, name, from, TN_BUFFER_FREE);", "dma_pool.h"),
    # lost pages
    "alloc_of_what_is_lost": _seed("alloc", "tn_buffer_alloc_decide", "(pool->page_away == NULL || tn_stack_next(pool) < pool->free)", "true"),
    "oldest_that_is_not_lost": _seed("alloc", "tn_stack_next", "            return left - 1;\n", "            return 0;\n", "dma_alloc.c"),
    "chosen_and_not_exchanged": _seed("alloc", "tn_stack_choose", "    pool->stack[place] = other;\n", "    (void)other;\n", "dma_alloc.c"),
    "whole_page_is_not_asked": _seed("alloc", "tn_buffer_alloc_commit", "    if (pool->page_away != NULL)\n        tn_stack_choose(pool);\n"),
    # pools
    "quarantine_left_with_a_fence": _seed("pool", "buffers_allow", "|| buffers_rest(pool)", "|| pool->quarantined != 0"),
    "quarantine_left_under_the_cpu": _seed("pool", "buffers_rest", " || !tn_page_is_lost(pool, i)"),
    "used_again_with_what_is_lost": _seed("pool", "buffers_allow", "        return pool->quarantined == 0;", "        return true;"),
    "invalidated_under_a_device": _seed("pool", "buffers_allow", "return pool->away == 0;", "return pool->away == pool->quarantined;"),
    "old_names_accepted": _seed("pool", "tn_buffer_is_name", "pool->mark[name.slot] == name.mark && is_held", "is_held"),
    "scrubbing_keeps_the_name": _seed("pool", "is_held", "return state != TN_BUFFER_FREE && state != TN_BUFFER_SCRUBBING &&",
                                      "return state != TN_BUFFER_FREE &&"),
    "stack_names_one_slot_twice": _seed("init", "clear_buffers", "stack[i] = count - 1 - i; /*", "stack[i] = count - 1; /*"),
    # buffers and pages
    "any_length": _seed("buffer", "tn_buffer_depart_decide", "length == 0 || length > pool->buffer_bytes", "length == 0"),
    "leaves_at_the_last_generation": _seed("buffer", "tn_buffer_depart_decide", "return name.mark < pool->last_mark ? TN_OK : TN_ERETIRED;",
                                           "return TN_OK;"),
    "free_before_scrubbed": _seed("buffer", "tn_buffer_release_commit", "    if (pool->scrub) {", "    if (!pool->scrub) {"),
    "used_out_of_reach": _seed("buffer", "tn_buffer_use_decide", " || pool->state == TN_POOL_REVOKING;", " || pool->state == TN_POOL_QUARANTINED;"),
    "waiting_called_lost": _seed("buffer", "page_decide", "return away <= own ? TN_OK : TN_EAGAIN;", "return away <= own ? TN_OK : TN_EQUARANTINED;"),
    "slice_used_too_early": _seed("buffer", "tn_buffer_release_decide", "return page_decide(pool, name.slot, 0);", "return page_decide(pool, name.slot, 1);"),
    "page_without_count": _seed("buffer", "count_on_page", "        ++*away;\n", "        (void)away;\n"),
    "page_of_a_neighbour": _seed("buffer", "page_of", "return &pool->page_away[slot / pool->buffers_per_page];",
                                 "return &pool->page_away[slot % pool->buffers_per_page];"),
    "orphan_named_again": _seed("buffer", "tn_buffer_home_commit", "if (tn_mark_state(name.mark) == TN_BUFFER_ORPHAN) {",
                                "if (tn_mark_state(name.mark) == TN_BUFFER_QUARANTINED) {"),
    # the direct path
    "direct_used_believed": _seed("direct", "tn_direct_can_complete", " && used <= pool->length[name.slot];", ";"),
    "direct_in_a_revoked_pool": _seed("direct", "tn_direct_can_submit", "pool->direct_open, name, TN_BUFFER_CPU)", "pool->direct, name, TN_BUFFER_CPU)"),
    "retired_is_forgotten": _seed("direct", "tn_direct_settle", "    pool->retired = copy->retired;\n"),
    "direct_to_the_wrong_state": _seed("direct", "tn_direct_complete_commit", "name, TN_BUFFER_IN_FLIGHT, TN_BUFFER_CPU);",
                                       "name, TN_BUFFER_IN_FLIGHT, TN_BUFFER_SCRUBBING);"),
    # queues and fences
    "fence_without_count": _seed("step", "tn_fence_move", "    queue->in_state[to]++;\n"),
    "removal_forgets_the_tail": _seed("fifo", "tn_fifo_remove", "        queue->queued_tail = previous;", "        (void)previous;"),
    "removal_forgets_who_follows": _seed("fifo", "tn_fifo_remove", "        record[next].previous = previous;", "        (void)previous;"),
    "append_forgets_previous": _seed("fifo", "tn_fifo_append", "    record[slot].previous = tail;\n"),
    "append_forgets_the_tail": _seed("fifo", "tn_fifo_append", "    queue->queued_tail = slot;\n"),
    "ticket_given_twice": _seed("step", "tn_fence_number", "queue->next_ticket++;", "queue->next_ticket;"),
    "posted_and_still_queued": _seed("step", "tn_fence_post", "    tn_fifo_remove(queue, slot);\n"),
    "queued_without_a_place": _seed("step", "tn_fence_enqueue", "    tn_fifo_append(queue, slot);\n"),
    "newest_posted_first": _seed("step", "tn_fence_post", "uint32_t slot = queue->queued_head;", "uint32_t slot = queue->queued_tail;"),
    "freed_without_its_slot": _seed("step", "tn_fence_free", "    tn_queue_slot_give(queue, slot);\n"),
    "new_fence_keeps_its_waiters": _seed("step", "tn_fence_fill", "    fence->waiters = 0;\n"),
    "ticket_ignored": _seed("queue", "tn_complete_decide", " || fence->ticket != completion->ticket"),
    "used_believed": _seed("queue", "tn_complete_decide", " || completion->used > fence->length"),
    "fence_of_any_age": _seed("queue", "tn_queue_has", "queue->slots.slot[slot].generation == tn_handle_generation(fence) &&", "", "dma_find.h"),
    "device_aborts": _seed("queue", "device_may_answer", "return status == TN_OK || status == TN_EIO ||",
                           "return status == TN_OK || status == TN_EABORTED || status == TN_EIO ||"),
    "ended_twice": _seed("queue", "tn_fence_end_decide", "state == TN_FENCE_ENDED)\n        return TN_ESTATE;",
                         "state == TN_FENCE_FREE)\n        return TN_ESTATE;"),
    "one_waiter_too_many": _seed("wait", "tn_fence_wait_decide", "record->waiters < queue->waiters_max", "record->waiters <= queue->waiters_max"),
    # a queue is made
    "record_made_posted": _seed("make", "tn_record_clear", "record->state = TN_FENCE_FREE;", "record->state = TN_FENCE_POSTED;"),
    "one_record_left_as_it_was": _seed("make", "tn_records_clear", "for (uint32_t i = 0; i < depth; i++)", "for (uint32_t i = 1; i < depth; i++)"),
    "all_counted_as_ended": _seed("make", "tn_queue_count", "s == TN_FENCE_FREE ? depth : 0;", "s == TN_FENCE_ENDED ? depth : 0;"),
    "made_with_a_head": _seed("make", "tn_queue_set_up", "queue->queued_head = TN_SLOT_NONE;", "queue->queued_head = 0;"),
    "refused_and_changed": _seed("queue_init", "tn_queue_init", "    if (!queue_plan_is_good(plan))\n", "    queue->waiters_max = 0;\n    if (!queue_plan_is_good(plan))\n"),
    "pool_refused_and_changed": _seed("set_up", "tn_pool_init", "    if (!plan_is_good(plan))\n", "    pool->state = TN_POOL_EMPTY;\n    if (!plan_is_good(plan))\n"),
    "routes_refused_and_changed": _seed("route", "tn_routes_init", "    if (route == NULL ||", "    routes->stale = 0;\n    if (route == NULL ||"),
    "parts_without_a_limit": _seed("queue_init", "queue_plan_is_good", " && plan->parts_max <= TN_FENCE_PARTS_MAX"),
    # the commits of queues, and the ends of fences
    "moves_what_is_not_there": _seed("part", "tn_part_arrive", "    if (tn_buffer_arrive_decide(pool, name, to) != TN_OK)\n        return;\n"),
    "used_is_forgotten": _seed("end", "tn_fence_complete", "    queue->record[slot].used = used;\n"),
    "aborted_stays_in_the_fifo": _seed("end", "tn_fence_abort", "state == TN_FENCE_QUEUED)", "state == TN_FENCE_OPEN)"),
    "orphan_is_not_noted": _seed("end", "tn_fence_orphan", ".orphan = true;", ".orphan = false;"),
    "closed_after_the_revoke": _seed("submit", "tn_submit_close_decide", " || !record->pool->open)", ")"),
    "closed_for_nobody": _seed("submit", "tn_submit_close_decide", "record->state != TN_FENCE_OPEN || record->orphan || !", "record->state != TN_FENCE_OPEN || !"),
    "closed_without_a_place": _seed("submit", "tn_submit_close_commit", "    tn_fence_enqueue(queue, tn_handle_slot(fence));",
                                    "    tn_fence_move(queue, tn_handle_slot(fence), TN_FENCE_QUEUED);"),
    "posted_under_the_next_name": _seed("move", "tn_queue_post_commit", "slot = tn_fence_post(queue);",
                                        "slot = tn_fence_post(queue) + 1;"),
    "one_buffer_too_many": _seed("move", "move_each", "i < count; i++) {", "i <= count; i++) {"),
    "completed_whatever_the_device_says": _seed("commit", "tn_complete_commit", "tn_fence_complete(queue, slot, used, status);",
                                                "tn_fence_complete(queue, slot, used, TN_OK);"),
    "aborted_whatever_is_asked": _seed("commit", "tn_fence_end_commit", "tn_fence_abort(queue, slot, (uint32_t)status);",
                                       "tn_fence_abort(queue, slot, TN_EABORTED);"),
    "orphan_of_no_one": _seed("commit", "tn_fence_orphan_commit", "    tn_fence_orphan(queue, slot);\n"),
    # what has ended is taken
    "dealt_to_each": _seed("end", "tn_fence_deal", "    queue->record[slot].used -= used;\n", "    (void)used;\n"),
    "gone_with_a_buffer_left": _seed("end", "tn_fence_give", "taken == queue->record[slot].parts;", "taken + 1 >= queue->record[slot].parts;"),
    "taken_without_a_refund": _seed("end", "tn_fence_refund", "    tn_queue_refund(queue, ledger);\n"),
    "home_before_its_page": _seed("take_commit", "take_part", "status = tn_buffer_home_decide(record->pool, part);", "status = TN_OK;"),
    "taken_when_it_must_wait": _seed("take", "tn_fence_take_decide", "== TN_EAGAIN ? TN_EAGAIN", "== TN_EBUDGET ? TN_EAGAIN"),
    "never_taken": _seed("take", "tn_fence_take_decide", "    if (record->parts == 0)\n        return TN_OK;", "    if (record->parts == 0)\n        return TN_EAGAIN;"),
    "waits_beyond_the_end": _seed("wait", "tn_fence_poll", "return now < deadline ?", "return now <= deadline ?"),
    "shared_beyond_what_is_left": _seed("take", "share_of", "return used < length ? used : length;", "return length;"),
    # what is submitted
    "new_fence_without_a_state": _seed("begin", "tn_fence_begin", "    tn_fence_start(queue, slot, more);\n", "    (void)more;\n"),
    "open_at_once_queued": _seed("begin", "tn_fence_start", "    if (more) {", "    if (!more) {"),
    "one_byte_too_few": _seed("begin", "tn_fence_more", "    record->length += length;\n", "    record->length += length - 1;\n"),
    "name_kept_for_nobody": _seed("aside", "tn_queue_keep", "    *part = name;\n", "    (void)name;\n"),
    "submitted_uncharged": _seed("charge", "tn_queue_charge", "    tn_ledger_commit(ledger, TN_CHARGE_IN_FLIGHT, 1);\n"),
    "name_of_before_is_kept": _seed("submit_commit", "tn_submit_commit", "    note(queue, slot, pool != NULL, name);\n",
                                    "    note(queue, slot, pool != NULL, submission->buffer);\n"),
    "added_uncounted": _seed("submit_add", "tn_submit_add_commit", "    tn_fence_more_charged(queue, slot, ledger, length);\n"),
    "added_over_the_first": _seed("submit_add", "tn_submit_add_commit", "tn_part_of(queue, slot, record->parts);",
                                  "tn_part_of(queue, slot, 0);"),
}


def apply(seed, root):
    path = os.path.join(root, "core", seed.file)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if seed.old not in text:
        raise SystemExit(f"{path}: the text that this bug replaces is not there any more: {seed.old.strip()}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(seed.old, seed.new, 1))
