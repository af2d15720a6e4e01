#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `make bench` does: boots machines under the instruction counter (icnt.c) and prints `name value unit`, one a line.
build/bench.json gets the same with the commit and the machine.

A figure is guest instructions of every process and of the kernel between two marks of the guest, a repeat-string
instruction counted once and HLT not at all. It depends on host timing as soon as a device answers, so each figure is the
median of several boots. How a figure is put together stands on the lines that begin with `#`.
"""

import argparse
import itertools
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tools"))
sys.path.insert(0, os.path.join(ROOT, "tests"))

import core_cost  # noqa: E402
import host_lives  # noqa: E402
import qemu  # noqa: E402
from harness import qmp  # noqa: E402

START, STOP = 1, 2  # a program's marks round its measured loop
RAISE, WOKEN = 3, 4  # round each way from a raise to its driver
KERNEL_ENTRY, FIRST_USER = 0x10, 0x11
EDU_SLOT, EDU_RAISE = 6, 0x60  # the register in BAR 0 that raises
NULL_DISK_BYTES = 1 << 30
RUNS = 3
TIMEOUT = 240


@dataclass
class Figure:
    name: str
    manifest: str
    marks: tuple  # first and last mark
    disk: bool  # does the job need one?
    per_operation: bool  # divided by the operations that the guest reports
    unit: str
    extra: tuple = ()  # further words for QEMU
    iommu: bool = False  # is there one, and does the disk obey it?
    each: bool = False  # from each first mark to the next last one; the median of all
    words: str = ""  # further words of the kernel's command line
    typed: str = ""  # on COM1, from the start


EIGHT_DEVICES = tuple(
    word
    for device in ("edu", "edu", "virtio-rng-pci", "virtio-serial-pci", "e1000e", "nvme,serial=1", "qemu-xhci", "pcie-root-port,chassis=1")
    for word in ("-device", device)
)
GOES_ON = "\ncontinue\n"  # what is typed before the port is set up loses its first character
FIGURES = (
    Figure("boot.first_user.instr", "bench_null", (KERNEL_ENTRY, FIRST_USER), False, False, "instr"),
    Figure("boot.prompt.instr", "bench_null", (KERNEL_ENTRY, FIRST_USER), False, False, "instr", EIGHT_DEVICES, words="diag", typed=GOES_ON),
    Figure("enter.null.instr", "bench_null", (START, STOP), False, True, "instr"),
    Figure("irq.cycle.instr", "bench_irq", (START, STOP), False, True, "instr", ("-device", "edu")),
    Figure(
        "irq.raise_to_driver.instr",
        "bench_wake",
        (RAISE, WOKEN),
        False,
        False,
        "instr",
        ("-device", f"edu,addr={EDU_SLOT}", "-device", "rocker,addr=7,name=switch"),
        each=True,
    ),
    Figure("restart.virtio_blk.first_io.instr", "bench_restart", (START, STOP), True, True, "instr", iommu=True),
    *(
        Figure(name, "bench_teardown", (START, STOP), False, False, "instr", ("-device", "edu"), iommu=True, each=True, words=words)
        for name, words in (
            ("teardown.0250.instr", "args.bench=requests=250"),
            ("teardown.0500.instr", "args.bench=requests=500"),
            ("teardown.1000.instr", "args.bench=requests=1000"),
            ("teardown.1000.16_windows.instr", "args.bench=requests=1000 args.keeper=windows=16"),
        )
    ),
    *(
        Figure(f"teardown.0250.{routes:02}_routes.instr", "bench_teardown_routes", (START, STOP), False, False, "instr",
               ("-device", "nvme,serial=bench"), iommu=True, each=True,
               words=f"args.bench=requests=250 args.keeper=windows=1,routes={routes}")
        for routes in (0, 16, 32)
    ),
    *(
        Figure(f"blk.virtio.read4k.qd{depth}.{policy}.instr{guard}", f"bench_qd{depth}{manifest}{guard.replace('.', '_')}",
               (START, STOP), True, True, "instr/op", iommu=policy != "trusted")
        for depth in (1, 32)
        for policy, manifest, guard in (
            ("trusted", "", ""),
            ("trusted", "", ".guardoff"),
            ("pool", "_pool", ""),
            ("strict", "", ""),
            ("strict", "", ".guardoff"),
        )
    ),
)
LIVES = ("life.core.instr", "life.queue.instr")  # counted on the host


class BenchError(Exception):
    pass


def raise_register(build, figure):
    """Where firmware puts the register of the edu device that raises: QEMU tells, of a machine that stops at the prompt."""
    with tempfile.TemporaryDirectory() as folder:
        monitor = qmp.Monitor(folder)
        words = qemu.command_line(
            os.path.join(build, "tenure.elf"),
            os.path.join(build, "initrd.cpio"),
            f"manifest={figure.manifest} diag",
            extra=[*figure.extra, *monitor.options()],
        )
        process = subprocess.Popen(qemu.leashed(words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        limit = threading.Timer(TIMEOUT, process.kill)
        limit.start()
        try:
            if not any(b"stopped before the first process" in line for line in process.stdout):
                raise BenchError(f"manifest {figure.manifest}: the machine did not reach its prompt within {TIMEOUT} s")
            monitor.connect()
            devices = [device for bus in monitor.ask("query-pci") for device in bus["devices"]]
        finally:
            limit.cancel()
            process.kill()
            process.wait()
    edu = next(device for device in devices if device["slot"] == EDU_SLOT)
    return edu["regions"][0]["address"] + EDU_RAISE


def boot(build, figure, count_mmio):
    """(log, marks) of one run; marks: list of (number, counters)."""
    manifest, disk = figure.manifest, figure.disk
    obeys = qemu.OBEYS if figure.iommu else {}
    append = f"manifest={manifest}"
    append += f" {figure.words}" if figure.words else ""
    if figure.marks == (RAISE, WOKEN):
        append += f" args.raiser=ops=2000,target={raise_register(build, figure)}"
    disks = [qemu.Disk({"driver": "null-co", "size": NULL_DISK_BYTES, "read-zeroes": False}, **obeys)] if disk else []
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "marks")
        plugin = os.path.join(build, "bench", "icnt.so")
        # icount ties the guest's clock to its instructions, so that timers fire at the same places each time.
        extra = ["-icount", "shift=0,sleep=off", "-plugin", f"{plugin},out={out}" + (",io=on" if count_mmio else "")]
        extra += [*(qemu.IOMMU if figure.iommu else []), *figure.extra]
        words = qemu.command_line(
            os.path.join(build, "tenure.elf"), os.path.join(build, "initrd.cpio"), append, disks, extra=extra
        )
        try:
            done = subprocess.run(
                qemu.leashed(words), input=figure.typed, capture_output=True, text=True, errors="replace", timeout=TIMEOUT
            )
        except subprocess.TimeoutExpired as expired:
            log = (expired.stdout or b"").decode("utf-8", "replace")
            raise BenchError(f"manifest {manifest} did not end within {TIMEOUT} s; its log ends:\n{log[-3000:]}")
        if done.returncode != qemu.EXIT_SUCCESS:
            log = done.stdout[-3000:] + done.stderr[-1000:]
            raise BenchError(f"manifest {manifest}: {qemu.meaning(done.returncode)[1]}; its log ends:\n{log}")
        with open(out, encoding="ascii") as file:
            rows = [line.split() for line in file]
    marks = [(int(row[1]), {row[n]: int(row[n + 1]) for n in range(2, len(row), 2)}) for row in rows]
    return done.stdout, marks


def between(marks, first, last):
    """The counters from the first `first` to the next `last`."""
    start = next((n for n, (mark, _) in enumerate(marks) if mark == first), None)
    stop = next((n for n, (mark, _) in enumerate(marks) if start is not None and n > start and mark == last), None)
    if stop is None:
        raise BenchError(f"the guest did not pass the marks {first} and {last}; it passed {[mark for mark, _ in marks]}")
    return {key: marks[stop][1][key] - value for key, value in marks[start][1].items()}


def ways(marks, first, last):
    """The counters from each `first` to the next `last`; the first eighth, in which caches and queues settle, is left out."""
    found, start = [], None
    for mark, counters in marks:
        if mark == first:
            start = counters
        elif mark == last and start is not None:
            found.append({key: counters[key] - value for key, value in start.items()})
            start = None
    if not found:
        raise BenchError(f"the guest never passed the marks {first} and {last} in this order")
    return found[len(found) // 8 :]


def instructions(counters, side):
    """Executions on one side, each repeat-string instruction once."""
    return counters[side] - counters[f"{side}_rep_iter"] + counters[f"{side}_rep"]


def operations(log, manifest):
    match = re.search(r"\bbench: ops=(\d+)\b", log)
    if not match or int(match[1]) == 0:
        raise BenchError(f"manifest {manifest}: the guest printed no `bench: ops=N`")
    return int(match[1])


def measure(build, figure):
    """(value, explanation): one boot."""
    log, marks = boot(build, figure, count_mmio=False)
    ops = operations(log, figure.manifest) if figure.per_operation else 1
    if figure.each:
        found = sorted(ways(marks, *figure.marks), key=lambda way: way["kernel"] + way["user"])
        counters = found[len(found) // 2]
    else:
        counters = between(marks, *figure.marks)
    kernel, user = instructions(counters, "kernel"), instructions(counters, "user")
    halts = counters["halt"]
    iterations = counters["kernel_rep_iter"] + counters["user_rep_iter"]
    parts = {
        "kernel": (kernel - halts) / ops,
        "user": user / ops,
        "repeat_iterations": iterations / ops,
        "halts": halts / ops,
        "syscalls": counters["syscall"] / ops,
        "port_accesses": counters["pio"] / ops,
        "operations": ops,
    }
    return (kernel - halts + user) / ops, parts


def mmio_per_operation(build, figure):
    """Counted in a boot of its own: watching every memory access slows the machine, not its instruction count."""
    log, marks = boot(build, figure, count_mmio=True)
    if figure.each:
        return statistics.median_low(way["mmio"] for way in ways(marks, *figure.marks))
    ops = operations(log, figure.manifest) if figure.per_operation else 1
    return between(marks, *figure.marks)["mmio"] / ops


def rounded(value):
    return round(value, 2) if value < 1000 else round(value, 1) if value < 100000 else round(value)


def take(build, figure, runs):
    samples = [measure(build, figure) for _ in range(runs)]
    values = [value for value, _ in samples]
    value = statistics.median_low(values)
    parts = samples[values.index(value)][1]
    parts["mmio_accesses"] = mmio_per_operation(build, figure)
    parts["least"], parts["most"] = min(values), max(values)
    return rounded(value), {key: rounded(part) for key, part in parts.items()}


def core_lives(build):
    """(name, value, parts) of each kind of life of one buffer on core/: its instructions, counted on the host by callgrind.
    The parts are counted one by one, between marks; the whole is one straight line."""
    cost = core_cost.measure(os.path.join(build, "bench", "core-life-unit"), 64)
    kinds = zip(LIVES, ("direct_life", "life"), (core_cost.DIRECT, core_cost.QUEUE))
    return [(name, cost[whole], {part: cost[part] for part in parts}) for name, whole, parts in kinds]


def derived(rows, now, here):
    """What two figures of this run say together: the reads are of one page, and their driver completes them by the batch, so
    what strict costs more than pool is a page's mapping, its unmapping, and its share of the invalidation."""
    values = {row["name"]: row["value"] for row in rows}
    found = []
    for depth, name in ((32, "iommu.map_unmap.batch32.instr_per_page"), (1, "iommu.map_unmap.single.instr_per_page")):
        strict, pool = (values.get(f"blk.virtio.read4k.qd{depth}.{policy}.instr") for policy in ("strict", "pool"))
        if strict is not None and pool is not None:
            print(f"{name} {rounded(strict - pool)} instr\n#   strict={strict} pool={pool}")
            found.append({"name": name, "value": rounded(strict - pool), "unit": "instr", "commit": now, "machine": here, "parts": {}})
    return found


def commit():
    git = ["git", "-C", ROOT]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip() or "unknown"
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True).stdout.strip()
    return head + ("-changed" if changed else "")


def machine():
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    version = subprocess.run([qemu.QEMU, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    return f"{model}, {os.cpu_count()} CPUs, {platform.system()} {platform.release()}; {version}, TCG"


def main():
    parser = argparse.ArgumentParser(description="measures Tenure; prints `name value unit`")
    parser.add_argument("--build", default="build")
    parser.add_argument("--runs", type=int, default=RUNS, help="boots for each figure; the median counts")
    parser.add_argument("--only", default="", help="only figures whose name contains this")
    options = parser.parse_args()
    if os.path.basename(os.path.normpath(options.build)) != "build":
        print("# not the release build: these figures are not to be published", flush=True)
    here, now = machine(), commit()
    rows = []
    for figure in FIGURES:
        if options.only not in figure.name:
            continue
        value, parts = take(options.build, figure, options.runs)
        print(f"{figure.name} {value} {figure.unit}")
        print("#   " + " ".join(f"{key}={part}" for key, part in parts.items()), flush=True)
        rows.append({"name": figure.name, "value": value, "unit": figure.unit, "commit": now, "machine": here, "parts": parts})
    rows += derived(rows, now, here)
    lives = core_lives(options.build) if any(options.only in name for name in LIVES) else []
    found = [(name, value, "instr", parts) for name, value, parts in lives if options.only in name]
    for name, value, unit, parts in itertools.chain(found, host_lives.measure(options.build, options.only)):
        print(f"{name} {value} {unit}")
        print("#   " + " ".join(f"{key}={part}" for key, part in parts.items()), flush=True)
        rows.append({"name": name, "value": value, "unit": unit, "commit": now, "machine": here, "parts": parts})
    with open(os.path.join(options.build, "bench.json"), "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=1)
        file.write("\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"bench: {error}")
