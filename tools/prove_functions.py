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
    "cap": (
        ["cap.c"],
        ["tn_cap_table_init", "write_entry", "turn_entry", "judge", "tn_cap_lookup", "tn_cap_check", "tn_cap_insert_decide", "tn_cap_insert_commit"]
        + ["slot_of", "tn_cap_turn_decide", "tn_cap_turn_commit", "tn_cap_remove_commit", "tn_cap_handle"],
    ),
    "pool": (
        ["state.c", "dma_pool.c"],
        ["tn_buffer_may_move", "tn_pool_may_move", "tn_buffer_move", "clear_records", "buffers_allow"]
        + ["tn_pool_move", "tn_buffer_alloc_decide", "set_length", "tn_buffer_name", "tn_buffer_use_decide"]
        + ["tn_buffer_release_commit"],
    ),
    "queue": (
        ["state.c", "dma_queue.c"],
        ["tn_fence_may_move", "tn_fence_move", "tn_fence_name", "tn_queue_oldest", "is_fence", "device_may_answer"]
        + ["tn_complete_decide", "tn_complete_refused", "tn_fence_end_decide", "tn_fence_orphan_decide"]
        + ["tn_fence_take_decide"],
    ),
}

NAMES_FOR_PEOPLE = "a string for people: nothing but a table of constants"
BOTH = "moves a buffer and its fence together: not proved as one; its parts are (docs/proof.md)"
FIFO = "links the FIFO of queued fences: tested against a recount, not proved"
FRAMES = "its contract is written; goals about the frame between slots and records are still open (docs/proof.md)"
WITHOUT_PROOF = {
    "tn_pool_init": FRAMES,
    "tn_buffer_alloc_commit": FRAMES,
    "tn_buffer_scrubbed_commit": FRAMES,
    "judge_buffer": BOTH,
    "tn_submit_decide": BOTH,
    "direction_fits": BOTH,
    "buffer_departs": BOTH,
    "tn_submit_commit": BOTH,
    "end": BOTH,
    "tn_complete_commit": BOTH,
    "tn_fence_end_commit": BOTH,
    "tn_fence_orphan_commit": BOTH,
    "buffer_returns": BOTH,
    "tn_fence_take_commit": BOTH,
    "tn_queue_init": FIFO,
    "fifo_append": FIFO,
    "fifo_remove": FIFO,
    "tn_queue_post_commit": FIFO,
    "tn_charge_name": NAMES_FOR_PEOPLE,
    "tn_buffer_state_name": NAMES_FOR_PEOPLE,
    "tn_pool_state_name": NAMES_FOR_PEOPLE,
    "tn_fence_state_name": NAMES_FOR_PEOPLE,
    "tn_pool_at": "one address, for readers outside core/",
    "tn_queue_at": "one address, for readers outside core/",
}

DEFINITION = re.compile(r"^[a-z][^\n;={}#]*?\b(\w+)\([^;{}]*\)\n\{", re.M)
CONTRACT = re.compile(r"^/\*@ (?:requires|assigns|ensures)(?:(?!\*/).)*\*/\n[^;{/]*?\b(\w+)\(", re.M | re.S)
FILES = sorted(glob.glob("core/*.[ch]")) + ["include/tenure/abi/handle.h"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def functions():
    """Name of each function defined in core/ -> its file."""
    return {name: path for path in FILES for name in DEFINITION.findall(read(path))}


def with_contract():
    return {name for path in FILES for name in CONTRACT.findall(read(path))}
