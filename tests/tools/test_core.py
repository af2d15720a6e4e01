# SPDX-License-Identifier: Apache-2.0
"""What makes core/ trustworthy beside its own code: the kernel has exactly the core that is tested and proved, nobody reads
or writes its fields from outside but where this file says so, and every line and branch of it is run."""

import glob
import json
import os
import re
import shlex
import shutil
import subprocess

from harness import accept, core_builds, paths

import coverage

# Structs of core/ that belong to core/ alone. What travels in and out (a submission, a grant, an outcome …) is not here.
OPAQUE = ("tn_slot", "tn_slots", "tn_cap", "tn_cap_table", "tn_pool", "tn_fence_record", "tn_queue", "tn_ledger",
          "tn_ring_account", "tn_gather", "tn_route", "tn_routes")

# file -> fields of those structs that it may name, and why. Reading an entry that a look-up gave is the point of one; the
# rest are reads for walks at teardown and for lines of the log. Nothing writes but where it says so.
ALLOWED = {
    "kernel/cap/channel.c": (
        ("detail", "direction", "length", "object", "pool", "ticket"),
        "the entry that a look-up gave; the fence behind a request",
    ),
    "kernel/cap/channel_end.c": (
        ("count", "detail", "object", "pool", "slots", "state"),
        "walks over all fences at the end of a process, and whose pools they are; the entry that a look-up gave",
    ),
    "kernel/cap/core_check.c": (("limit", "ticket"), "its own ledger is set up here; a completion must name the ticket"),
    "kernel/cap/enter.c": (("cq_entries", "sq_entries", "sq_head"), "bounds of the queues; what is published as consumed"),
    "kernel/cap/op_device.c": (("object",), "the entry that a look-up gave"),
    "kernel/cap/op_dma.c": (("buffer_bytes", "detail", "object"), "the entry that a look-up gave; sizes for the caller"),
    "kernel/cap/op_process.c": (("object",), "the entry that a look-up gave"),
    "kernel/cap/operation.c": (
        ("count", "cq_entries", "entry", "kind", "object", "object_generation", "slots"),
        "the entry that a look-up gave; the bound of credits; the walk over a table after a device was given up",
    ),
    "kernel/cap/channel_view.c": (("count", "slots"), "the same, to count them for the books"),
    "kernel/cap/pool_end.c": (
        ("buffer_bytes", "count", "quarantined", "state"),
        "what is out when a pool is released, or its owner ends; the walk over its buffers",
    ),
    "kernel/diag/books.c": (("count", "slots", "used"), "holds ledgers against objects; nothing is decided by it"),
    "kernel/cap/orphan.c": (("count", "slots"), "walks over all fences when a deadline has passed"),
    "kernel/cap/pool.c": (
        ("away", "buffer_bytes", "count", "free", "quarantined", "state"),
        "whether anything is out, for the release and the walk at the end of a process; for people",
    ),
    "kernel/cap/pool_zero.c": (("state",), "whether a pool is on its way out"),
    "kernel/cap/pool_make.c": (("buffer_bytes", "free", "generation", "slot"), "its own slots; sizes for the caller"),
    "kernel/cap/pool.h": (("buffer_bytes",), "where a buffer lies"),
    "kernel/device/mmio.c": (("free", "generation"), "its own slots"),
    "kernel/diag/command_memory.c": (("used",), "shown by the console; nothing is decided by it"),
    "kernel/diag/command_process.c": (
        ("count", "entry", "kind", "limit", "refused", "rights", "slots", "used"),
        "shown by the console: ledgers and what a table of capabilities holds; nothing is decided by it",
    ),
    "kernel/proc/end.c": (("used",), "what ends with the process is given back as a whole; what is left is said at the end"),
    "kernel/proc/process.c": (("cq_tail",), "what is published as posted"),
    "kernel/proc/start.c": (("limit",), "the budget of the manifest, once, before the process runs"),
}


def targets():
    output = subprocess.run(["meson", "introspect", "--targets", paths.BUILD], capture_output=True, text=True, check=True).stdout
    return {t["name"]: t for t in json.loads(output)}


def sources_of(target):
    return {os.path.relpath(s, paths.ROOT) for group in target["target_sources"] for s in group.get("sources", [])}


def test_the_core_in_the_kernel_is_the_core_that_is_tested():
    tree = {os.path.relpath(p, paths.ROOT) for p in core_builds.core_sources()}
    table = targets()
    for name in ("tenure-core", "core-host", "core-san"):
        assert sources_of(table[name]) == tree, name
    linked = accept.commands("tenure.elf")
    archive = next(line for line in linked if "gcc-ar" in line and "libtenure-core.a " in line)
    objects = {re.sub(r".*/core_(\w+)\.c\.o", r"core/\1.c", w) for w in shlex.split(archive) if w.endswith(".c.o")}
    assert objects == tree
    link = shlex.split(next(line for line in linked if " -o tenure.elf " in line))
    assert "libtenure-core.a" in link
    assert not [w for w in link if "/core_" in w and not w.startswith("tenure.elf.p/kernel_")], "core objects from elsewhere"


def test_the_core_that_is_proved_is_the_core_in_the_kernel():
    """The prover's lists name every file of core/ that has code."""
    text = ""
    for path in glob.glob(f"{paths.TOOLS}/prove*.py"):
        with open(path, encoding="utf-8") as file:
            text += file.read()
    tree = [os.path.basename(p) for p in core_builds.core_sources()]
    assert [name for name in tree if f'"{name}"' not in text] == []
    assert "core/" in text or '"core"' in text


# ---- opaque fields ----


def marked_headers(folder):
    """core/*.h under `folder`, in which every field of an opaque struct is deprecated: the compiler then tells each use."""
    os.makedirs(os.path.join(folder, "core"))
    for path in glob.glob(f"{paths.ROOT}/core/*.h"):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for name in OPAQUE:
            match = re.search(rf"^struct {name} \{{\n(.*?)^\}};", text, re.M | re.S)
            if match:
                body = re.sub(r"(\w+(?:\[\w+\])?);", r"\1 __attribute__((deprecated));", match[1])
                text = text[: match.start(1)] + body + text[match.end(1) :]
        with open(os.path.join(folder, "core", os.path.basename(path)), "w", encoding="utf-8") as file:
            file.write(text)


def uses(folder, sources=None):
    """(file, field) of every use outside core/, by the kernel's own command lines."""
    found = set()
    for line in accept.commands("tenure.elf"):
        words = shlex.split(line)
        name = os.path.relpath(os.path.join(paths.BUILD, words[-1]), paths.ROOT)
        if "-c" not in words or not name.startswith("kernel/") or not name.endswith(".c"):
            continue
        if sources is not None and name not in sources:
            continue
        kept = [w for w in words[: words.index("-MD")] if w != "-Werror" and not w.startswith("-flto")]
        command = [*kept, f"-I{folder}", "-fsyntax-only", "-Wdeprecated-declarations", "-fdiagnostics-color=never", words[-1]]
        command.insert(1, f"-I{folder}")
        done = subprocess.run(command, cwd=paths.BUILD, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        for path, field in re.findall(r"^(\S+?):\d+:\d+: warning: ‘(\w+)’ is deprecated", done.stderr, re.M):
            name = os.path.relpath(os.path.join(paths.BUILD, path), paths.ROOT)
            if name.startswith("kernel/"):
                found.add((name, field))
    return found


def test_the_fields_of_the_core_are_named_outside_it_only_where_this_file_says_so(folder, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    marked_headers(folder)
    found = uses(folder)
    allowed = {(file, field) for file, (fields, _) in ALLOWED.items() for field in fields}
    assert sorted(found - allowed) == [], "give core/ a function for it, or justify it in ALLOWED"
    assert sorted(allowed - found) == [], "ALLOWED names what nobody uses"


def test_twin_a_field_that_is_touched_is_seen(folder, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    marked_headers(folder)
    shutil.copytree(os.path.join(paths.ROOT, "kernel"), os.path.join(folder, "kernel"))
    found = uses(folder, ["kernel/cap/channel.c"])
    assert found, "nothing is seen in a file that walks the fences of a queue"


# ---- arguments, orderings, coverage ----


def public_functions():
    found = set()
    for path in glob.glob(f"{paths.ROOT}/core/*.h"):
        if os.path.basename(path) in ("count.h", "bug.h"):
            continue
        with open(path, encoding="utf-8") as file:
            code = re.sub(r"/\*.*?\*/|//[^\n]*", "", file.read(), flags=re.S)
        found |= set(re.findall(r"\b(tn_\w+)\([^;{}]*\)\s*[;{]", re.sub(r"\{[^{}]*\}", "{", code)))
    return found


def test_g6_every_public_function_has_its_wrong_arguments():
    """Judging functions in the table of refusals, commits among the misuses."""
    text = ""
    for name in ("test_core_arguments.c", "test_buffer_arguments.c", "test_fence_arguments.c", "test_core_misuse.c"):
        with open(os.path.join(paths.ROOT, "tests", "unit", name), encoding="utf-8") as file:
            text += file.read()
    # Readers that take a slot below the count, and of those what the caller must know: nothing to refuse.
    without = {"tn_queue_at", "tn_queue_part", "tn_slots_turn", "tn_slots_live", "tn_slots_can_advance", "tn_ring_consume_commit",
               "tn_buffer_state", "tn_buffer_is_away", "tn_buffer_pack", "tn_buffer_unpack", "tn_direct_is", "tn_gather_flush_begin",
               "tn_mark_state", "tn_mark_generation", "tn_mark_step", "tn_pool_count_move",
               "tn_mark_write", "tn_stack_push", "tn_length_write", "tn_page_of",
               "tn_page_is_lost", "tn_stack_next", "tn_stack_choose", "tn_stack_take",
               "tn_direct_settle", "tn_route_sequence", "tn_route_state"}
    # Steps that the commits of a queue are made of: inside core/, after a decide, and proved to be called right.
    without |= {"tn_fifo_append", "tn_fifo_remove", "tn_fence_move", "tn_fence_number", "tn_fence_enqueue", "tn_fence_post",
                "tn_fence_end", "tn_queue_slot_give", "tn_fence_fill", "tn_fence_free",
                "tn_part_keep", "tn_part_arrive", "tn_part_depart", "tn_part_home", "tn_fence_complete", "tn_fence_abort",
                "tn_fence_orphan", "tn_fence_deal", "tn_fence_give", "tn_fence_refund", "tn_queue_charge", "tn_queue_refund",
                "tn_queue_keep", "tn_queue_slot_take", "tn_fence_new", "tn_fence_start", "tn_fence_begin", "tn_fence_begin_charged",
                "tn_fence_more", "tn_fence_more_charged", "tn_queue_has", "tn_part_of",
                "tn_record_clear", "tn_records_clear", "tn_queue_count", "tn_queue_set_up"}
    functions = public_functions()
    assert len(functions) > 40
    assert sorted(f for f in functions - without if not re.search(rf"\b{f}\b", text)) == []


def test_g6_the_kernel_orders_the_rings_as_the_model_does():
    """tests/weave shows that each of these orderings is needed; here: the kernel has them."""
    pairs = {
        "kernel/cap/enter.c": [r"load_n\(&p->header->sq_tail, __ATOMIC_ACQUIRE\)", r"store_n\(&p->header->sq_head, [^;]*__ATOMIC_RELEASE\)"],
        "kernel/proc/process.c": [r"store_n\(&p->header->cq_tail, [^;]*__ATOMIC_RELEASE\)"],
        "kernel/proc/process.h": [r"load_n\(&process->header->cq_head, __ATOMIC_ACQUIRE\)"],
    }
    for name, patterns in pairs.items():
        with open(os.path.join(paths.ROOT, name), encoding="utf-8") as file:
            text = file.read()
        assert [p for p in patterns if not re.search(p, text)] == [], name
        assert "__ATOMIC_RELAXED" not in text, name


def test_every_line_and_branch_of_the_core_is_run(folder):
    lines, branches, missed = coverage.unmet(coverage.measure(folder))
    assert lines > 300 and branches > 200
    assert coverage.judge(missed) == []


def test_twin_a_line_that_no_test_runs_is_seen(folder, monkeypatch):
    monkeypatch.setattr(coverage, "UNIT", ("test_slot", "test_ledger"))
    monkeypatch.setattr(coverage, "RUNS", (["--seed", "1", "--runs", "0"],))
    _, _, missed = coverage.unmet(coverage.measure(folder))
    assert coverage.judge(missed)
