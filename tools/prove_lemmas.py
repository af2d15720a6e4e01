# SPDX-License-Identifier: Apache-2.0
"""The lemmas of core/, and what helps to prove them: used by prove.py.

WP hands each lemma to the goals of functions as it stands, and asks for it only where no function is named. So each file's
lemmas are asked for apart, in a copy of core/ in which HELP stands before the lemma that it helps: steps that the functions
need not see, each proved like the rest. A lemma may use those that stand before it.
"""

import glob
import os
import re

# What z3 is asked for as well: division by a page's size.
PROVER = {"dma_mark.h": "cvc4,z3"}
# A lemma made false: the file, the lemma, what is left out of it. Each must stay unproved.
SEEDS = {
    "place_beyond_the_ring": ("slot.h", "tn_ring_kept", "0 <= i < count ==> s[i].place < count && ", "0 <= i < count ==> "),
    "live_at_any_generation": ("slot.h", "tn_one_generation", " && s->slot[i].generation == generation", ""),
    "weaker_than_all_but_one": ("dma_step.h", "tn_load_same_weaker", "tn_load_same{L1, L2}(q, TN_SLOT_NONE)", "tn_load_same{L1, L2}(q, k + 1)"),
    "followed_by_what_is_no_fence": ("dma_fence.h", "tn_fifo_following_kept", " && tn_fifo_forward{L1}(q, TN_SLOT_NONE)", ""),
    "retired_may_move": ("dma_mark.h", "tn_buffer_retired_for_ever", " && (before != after ==> tn_state_of(before) != TN_BUFFER_RETIRED)", ""),
    "page_beyond_the_last": ("dma_mark.h", "tn_page_exists", "(count % per_page != 0 ? 1 : 0)", "0"),
}

LEMMA = re.compile(r"\blemma (\w+)")

# One slot, one fence or one part of the FIFO at a time.
_SUB = {"ends": "", "forward": "", "backward": "", "tickets": "", "oldest": "ends", "grows": "forward", "following": "forward"}


def _with(part, needed):
    """A part of the FIFO, and the one whose bounds it needs."""
    return " && ".join(f"tn_fifo_{one}{{L1}}(q, x)" for one in (part, needed) if one)


HELP = {
    "tn_slots_step_same": [
        """lemma tn_help_step_same{L1, L2, L3}: \\forall struct tn_slots *s, integer i;
      0 <= i < \\at(s->count, L2) && tn_slot_step{L1, L2}(s, i) && tn_slots_same{L2, L3}(s) ==> tn_slot_step{L1, L3}(s, i);"""
    ],
    "tn_slots_same_step_again": [
        """lemma tn_help_same_step{L1, L2, L3}: \\forall struct tn_slots *s, integer i;
      0 <= i < \\at(s->count, L1) && tn_slots_same{L1, L2}(s) && tn_slot_step{L2, L3}(s, i) ==> tn_slot_step{L1, L3}(s, i);"""
    ],
    "tn_load_same_again": [
        """lemma tn_help_load_same{L1, L2, L3}: \\forall struct tn_queue *q, integer i;
      tn_load_same_of{L1, L2}(q, i) && tn_load_same_of{L2, L3}(q, i) ==> tn_load_same_of{L1, L3}(q, i);""",
        """lemma tn_help_each_load{L1, L2, L3}: \\forall struct tn_queue *q, integer k, i;
      \\at(q->slots.count, L1) == \\at(q->slots.count, L2) && 0 <= i < \\at(q->slots.count, L1) && i != k &&
      tn_load_same{L1, L2}(q, k) && tn_load_same{L2, L3}(q, k) ==> tn_load_same_of{L1, L3}(q, i);""",
    ],
    "tn_slots_same_but_after": [
        """lemma tn_help_free_after{L1, L2}: \\forall struct tn_slots *s, integer i;
      0 <= i < \\at(s->count, L1) && tn_slots_same{L1, L2}(s) ==> (tn_is_free{L1}(s, i) <==> tn_is_free{L2}(s, i)) &&
      \\at(s->slot[i].generation, L1) == \\at(s->slot[i].generation, L2);"""
    ],
    "tn_fifo_kept": [
        """lemma tn_help_in_fifo{L1, L2}: \\forall struct tn_queue *q, integer x, i;
      tn_fifo_same{L1, L2}(q, x) ==> (tn_in_fifo{L1}(q, i, x) <==> tn_in_fifo{L2}(q, i, x));"""
    ]
    + [
        f"""lemma tn_help_{part}{{L1, L2}}: \\forall struct tn_queue *q, integer x;
      {_with(part, needed)} && tn_fifo_same{{L1, L2}}(q, x) ==> tn_fifo_{part}{{L2}}(q, x);"""
        for part, needed in _SUB.items()
    ],
    "tn_fifo_outside": [
        """lemma tn_help_in_outside{L}: \\forall struct tn_queue *q, integer k, i;
      0 <= k < q->slots.count && q->record[k].state != TN_FENCE_QUEUED ==>
      (tn_in_fifo(q, i, k) <==> tn_in_fifo(q, i, TN_SLOT_NONE));"""
    ]
    + [
        f"""lemma tn_help_outside_{part}{{L}}: \\forall struct tn_queue *q, integer k;
      0 <= k < q->slots.count && q->record[k].state != TN_FENCE_QUEUED ==>
      (tn_fifo_{part}(q, k) <==> tn_fifo_{part}(q, TN_SLOT_NONE));"""
        for part in _SUB
    ],
}


def files_with_lemmas():
    """File of core/ -> the names of its lemmas, in order."""
    found = {}
    for path in sorted(glob.glob("core/*.[ch]")):
        with open(path, encoding="utf-8") as file:
            names = LEMMA.findall(file.read())
        if names:
            found[os.path.basename(path)] = names
    return found


def put_help_in(root):
    """In the copy of core/ under `root`. Returns the names of what was put in, by file."""
    put = {}
    for name, lemmas in files_with_lemmas().items():
        path = os.path.join(root, "core", name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for lemma in lemmas:
            steps = HELP.get(lemma, [])
            text = re.sub(rf"\blemma {lemma}\b", lambda found: "".join(step + "\n    " for step in steps) + found[0], text)
            put.setdefault(name, []).extend(LEMMA.findall(" ".join(steps)))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return put
