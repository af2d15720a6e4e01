# SPDX-License-Identifier: Apache-2.0
"""Which functions of core/ are proved, in which run, and which are not, with the reason: used by prove.py."""

import glob
import re

# Name of the run: the files it needs, the functions whose contracts it proves.
UNITS = {
    "slot": (
        ["slot.c"],
        ["tn_handle_make", "tn_handle_slot", "tn_handle_generation", "tn_slots_turn", "tn_slots_live", "tn_slots_names"]
        + ["tn_slots_can_advance", "tn_slots_fit", "tn_slots_init", "grow", "tn_slots_take", "tn_slots_advance", "end_place", "exchange"]
        + ["tn_slots_give"],
    ),
    "ledger": (
        ["ledger.c"],
        ["tn_count_one", "tn_ledger_decide", "tn_ledger_commit", "tn_ledger_refund", "tn_ledger_charge"],
    ),
    "ring": (
        ["ring.c"],
        ["distance", "following", "place", "valid_size", "tn_ring_account_init", "tn_ring_pending", "tn_ring_consume_commit"]
        + ["tn_ring_unread", "tn_ring_reserve_decide", "tn_ring_reserve_commit", "tn_ring_unreserve_commit"]
        + ["tn_ring_post_commit"],
    ),
    "gather": (
        ["gather.c"],
        ["tn_gather_init", "tn_gather_add_decide", "tn_gather_add_commit", "tn_gather_flush_begin", "tn_gather_flush_end_decide"]
        + ["tn_gather_flush_end_commit", "tn_gather_has_next", "tn_gather_next_commit"],
    ),
    "cap": (
        ["cap.c"],
        ["tn_cap_table_init", "write_entry", "turn_entry", "judge", "tn_cap_lookup", "tn_cap_check", "tn_cap_insert_decide", "tn_cap_insert_commit"]
        + ["slot_of", "tn_cap_turn_decide", "tn_cap_turn_commit", "tn_cap_remove_commit", "tn_cap_handle"],
    ),
    "route": (
        ["route.c"],
        ["tn_routes_init", "is_held", "tn_route_generation", "tn_route_sequence", "tn_route_state", "count", "move", "take_slot", "give_slot", "tn_route_bind_decide", "tn_route_bind_commit", "is_silent", "tn_route_arm_decide"]
        + ["tn_route_arm_commit", "next_event", "wait_for_turn", "tn_route_arrive", "tn_route_acknowledge_decide"]
        + ["tn_route_acknowledge_commit", "tn_route_revoke_decide", "tn_route_revoke_commit", "tn_route_drained_decide"]
        + ["tn_route_drained_commit", "tn_route_free_commit"],
    ),
    "machine": (
        ["machine.c"],
        ["tn_pool_may_move", "tn_buffer_may_move", "tn_fence_may_move", "tn_device_may_move", "tn_mmio_may_move"]
        + ["tn_route_may_move"],
    ),
    "mark": (
        ["dma_pool.c"],
        ["tn_mark_state", "tn_mark_generation", "tn_mark_step", "tn_buffer_is_away", "tn_mark_write"],
    ),
    "page": (
        ["dma_pool.c"],
        ["tn_page_of"],
    ),
    "put": (
        ["dma_pool.c"],
        ["tn_pool_count_move", "tn_buffer_put", "tn_stack_push", "tn_length_write"],
    ),
    "stack": (
        ["dma_alloc.c"],
        ["tn_buffer_end", "tn_stack_take"],
    ),
    "alloc": (
        ["dma_alloc.c"],
        ["tn_page_is_lost", "tn_stack_next", "tn_stack_choose", "tn_buffer_alloc_refusal", "tn_buffer_alloc_decide", "tn_buffer_alloc_commit"],
    ),
    "init": (
        ["dma_pool_make.c"],
        ["tn_pool_pages", "plan_is_good", "clear_buffers", "clear_pages"],
    ),
    "set_up": (["dma_pool_make.c"], ["set_up", "tn_pool_init"]),
    "pool": (
        ["dma_pool.c"],
        ["tn_pool_is_idle", "tn_pool_is_without_fences", "buffers_rest", "buffers_allow", "tn_pool_move", "tn_buffer_name", "name_of", "tn_buffer_state"]
        + ["tn_buffer_pack", "tn_buffer_unpack", "is_held", "tn_buffer_is_name", "owned_by_cpu"],
    ),
    "buffer": (
        ["dma_pool.c"],
        ["tn_buffer_scrub_decide", "page_of", "page_decide", "count_on_page", "stack_is_whole", "move_alone", "move"]
        + ["tn_buffer_use_decide", "tn_buffer_release_decide", "tn_buffer_release_commit"]
        + ["tn_buffer_scrubbed_commit", "tn_buffer_depart_decide", "tn_buffer_depart_commit", "may_arrive", "tn_buffer_arrive_decide"]
        + ["tn_buffer_arrive_commit", "tn_buffer_home_decide", "tn_buffer_home_commit"],
    ),
    "direct": (
        ["dma_direct.c"],
        ["tn_direct_submit_refusal", "tn_direct_complete_refusal", "tn_direct_release_refusal", "tn_direct_is"]
        + ["tn_direct_can_alloc", "tn_direct_can_submit", "tn_direct_can_complete", "tn_direct_can_release"]
        + ["tn_direct_can_recycle", "tn_direct_alloc_commit", "tn_direct_settle"]
        + ["tn_direct_submit_decide", "tn_direct_submit_commit", "tn_direct_complete_decide", "tn_direct_complete_commit"]
        + ["tn_direct_release_decide", "tn_direct_release_commit"],
    ),
    "fifo": (
        ["dma_fifo.h"],
        ["tn_fifo_append", "tn_fifo_remove"],
    ),
    "step": (
        ["dma_step.h"],
        ["tn_fence_move", "tn_fence_number", "tn_fence_enqueue", "tn_fence_post", "tn_fence_end"]
        + ["tn_queue_slot_give", "tn_fence_fill", "tn_fence_free"],
    ),
    "begin": (
        ["dma_begin.h"],
        ["tn_queue_slot_take", "tn_fence_new", "tn_fence_start", "tn_fence_begin", "tn_fence_begin_charged", "tn_fence_more"]
        + ["tn_fence_more_charged"],
    ),
    "part": (
        ["dma_part.h"],
        ["tn_part_keep", "tn_part_arrive", "tn_part_depart", "tn_part_home"],
    ),
    "end": (
        ["dma_end.h"],
        ["tn_fence_complete", "tn_fence_abort", "tn_fence_orphan", "tn_fence_deal", "tn_fence_give", "tn_fence_refund"],
    ),
    "queue": (
        ["dma_queue.c"],
        ["tn_queue_has", "tn_fence_name", "tn_part_of", "tn_queue_has_queued", "tn_queue_oldest", "device_may_answer"]
        + ["tn_complete_decide", "tn_complete_refused", "tn_fence_end_decide", "tn_fence_orphan_decide"],
    ),
    # Of one file, in units that fit the limit of a long test when all is proved again.
    "move": (
        ["dma_queue.c"],
        ["tn_queue_post_commit", "move_part", "move_each", "move_parts", "move_buffers"],
    ),
    "commit": (
        ["dma_queue.c"],
        ["tn_complete_commit", "tn_fence_end_commit", "tn_fence_orphan_commit"],
    ),
    "make": (
        ["dma_make.h"],
        ["tn_record_clear", "tn_records_clear", "tn_queue_count", "tn_queue_set_up"],
    ),
    "queue_init": (
        ["dma_make.c"],
        ["queue_plan_is_good", "clear_parts", "parts_of_all", "tn_queue_init"],
    ),
    "aside": (
        ["dma_aside.h"],
        ["tn_queue_keep"],
    ),
    "charge": (
        ["dma_charge.h"],
        ["tn_queue_charge", "tn_queue_refund"],
    ),
    "submit": (
        ["dma_submit.c"],
        ["is_well_formed", "tn_submit_decide", "tn_submit_add_decide", "tn_submit_close_decide", "tn_submit_close_commit"]
        + ["depart_one", "depart", "leave", "note", "record_of"],
    ),
    "submit_commit": (["dma_submit.c"], ["tn_submit_commit"]),
    "submit_add": (["dma_submit.c"], ["tn_submit_add_commit"]),
    "take": (
        ["dma_take.c"],
        ["tn_fence_take_decide", "home_one", "come_home", "share_of", "status_of"],
    ),
    "take_commit": (["dma_take.c"], ["take_part", "tn_fence_take_commit"]),
    "wait": (
        ["dma_wait.c"],
        ["tn_fence_poll", "tn_fence_wait_decide", "tn_fence_wait_commit", "tn_fence_wait_end"],
    ),
}
# A goal for each path through a function: quicker where there are few paths, without end where there are many.
SPLIT = {"slot", "ledger", "ring", "cap", "gather", "route", "fifo", "step", "begin", "end", "part", "move", "commit", "aside"}
SPLIT |= {"charge", "submit", "submit_commit", "submit_add", "take", "take_commit"}
# Division by a page's size, which is no constant, is the one thing that cvc4 cannot always do.
PROVER = {"page": "z3", "buffer": "cvc4,z3", "alloc": "cvc4,z3"}

# In how many parts a unit is asked for contradictions, so that each takes less than ten minutes.
SMOKE_PARTS = {"buffer": 2}
# Functions with one branch that their contracts rule out, on purpose: an answer of another function that it does not give, so
# that the compiler knows what the caller's check will say. A smoke test must find exactly that.
DEAD_BRANCH = {"tn_buffer_alloc_decide", "tn_direct_submit_decide", "tn_direct_complete_decide", "tn_direct_release_decide"}

NAMES_FOR_PEOPLE = "a string for people: nothing but a table of constants"
WITHOUT_PROOF = {
    "tn_charge_name": NAMES_FOR_PEOPLE,
    "tn_pool_state_name": NAMES_FOR_PEOPLE,
    "tn_buffer_state_name": NAMES_FOR_PEOPLE,
    "tn_fence_state_name": NAMES_FOR_PEOPLE,
    "tn_device_state_name": NAMES_FOR_PEOPLE,
    "tn_mmio_state_name": NAMES_FOR_PEOPLE,
    "tn_route_state_name": NAMES_FOR_PEOPLE,
    "tn_queue_at": "one address, for readers outside core/",
    "tn_queue_part": "one name, for readers outside core/",
}

DEFINITION = re.compile(r"^(?:TN_MUST_CHECK )?[a-z][^\n;={}#]*?\b(\w+)\([^;{}]*\)\n\{", re.M)
# In /*@ */ before a function; in /@ @/ before one that only the proof has.
CONTRACT = re.compile(r"^/\*?@ (?:requires|assigns|ensures)(?:(?!\*/|@/).)*(?:\*/|@/)\n[^;{/]*?\b(\w+)\(", re.M | re.S)
FILES = sorted(glob.glob("core/*.[ch]")) + ["include/tenure/abi/handle.h"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def functions():
    """Name of each function defined in core/ -> its file."""
    return {name: path for path in FILES for name in DEFINITION.findall(read(path))}


def with_contract():
    return {name for path in FILES for name in CONTRACT.findall(read(path))}


def plant_contradiction(function, root):
    """In the copy of core/ under `root`: one more precondition, which nothing fulfils."""
    for path in FILES:
        text = read(path)
        for found in CONTRACT.finditer(text):
            if found[1] == function:
                at = text.index("@ ", found.start()) + 2
                with open(f"{root}/{path}", "w", encoding="utf-8") as file:
                    file.write(text[:at] + "requires \\exists integer n; 2 * n == 1;\n" + text[at:])
                return
    raise SystemExit(f"{function} has no contract in core/")
