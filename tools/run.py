#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `make run` does after the build: boots the machine, shows its serial log, and judges the run from outside.

Exit status: 0 every job succeeded, 1 a job failed or the outside check differs, 2 kernel panic, 3 anything else, 64 bad
arguments, 130 interrupted.
"""

import argparse
import fcntl
import hashlib
import os
import re
import signal
import subprocess
import sys
import termios

import pattern
import qemu

SCRATCH_BYTES = 4 << 20
KILL = "kill"  # the manifest whose disk is slow enough to see something
KILL_BYTES_PER_SECOND = 4 << 20
ARGUMENT_ERROR = 64
INTERRUPTED = 130
MEMORY_MIN, MEMORY_MAX = 32, 65536  # MiB
READS_CONSOLE = ("shell",)  # manifests whose processes read the console: the terminal is theirs


def arguments():
    parser = argparse.ArgumentParser(description="boots Tenure under QEMU and checks the run from outside")
    parser.add_argument("--build", default="build", help="build folder")
    parser.add_argument("--disk", help="image file or block device for the first disk; opened read-only")
    parser.add_argument("--manifest", default="read", help="which manifest of the archive starts")
    parser.add_argument("--memory", default="256", help="MiB")
    parser.add_argument("--iommu", default="on", help="on: the machine has an IOMMU, and its disks obey it; off")
    parser.add_argument("--device", action="append", default=[], help="a further device, as QEMU's -device has it")
    parser.add_argument("--diag", action="store_true", help="stop at the console's prompt, with this terminal on COM1")
    parser.add_argument("--append", default="", help="further words for the kernel's command line")
    options = parser.parse_args()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", options.manifest):
        fail(f'MANIFEST "{options.manifest}": a name as in manifest/NAME.toml is needed')
    if options.iommu not in ("on", "off"):
        fail(f'IOMMU "{options.iommu}": on or off')
    if not re.fullmatch(r"[0-9]{1,9}", options.memory) or not MEMORY_MIN <= int(options.memory) <= MEMORY_MAX:
        fail(f'MEM "{options.memory}": MiB of memory, a number from {MEMORY_MIN} to {MEMORY_MAX}')
    return options


def fail(message):
    print(f"run: {message}", file=sys.stderr)
    raise SystemExit(ARGUMENT_ERROR)


def say(message):
    print(f"run: {message}", flush=True)


def make_scratch(path, disk):
    """The scratch image, empty, as an open file: as long as it is open no other run takes it."""
    file = open(path, "ab")  # what is in it is not touched before it is known to be ours
    if os.path.samefile(path, disk):
        fail(f'DISK "{disk}" is the scratch image of this build, which every run empties; copy it to read it')
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fail(f"{path}: another run of this build writes to it; BUILD=debug has a build folder of its own")
    file.truncate(0)
    file.truncate(SCRATCH_BYTES)
    return file


def boot(words):
    """Runs QEMU and shows what it prints. Returns (QEMU's status, the log). SystemExit(130) when interrupted."""
    machine, log = None, []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(INTERRUPTED))
    try:
        # The job of today reads nothing from the terminal; keeping QEMU away from it leaves Ctrl-C to us.
        machine = subprocess.Popen(
            qemu.leashed(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
        )
        for raw in machine.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            log.append(line)
            print(line, flush=True)
        return machine.wait(), log
    except KeyboardInterrupt:
        say("interrupted; the machine was stopped")
        raise SystemExit(INTERRUPTED)
    finally:
        if machine and machine.poll() is None:
            machine.kill()
            machine.wait()


def boot_with_terminal(words):
    """Runs QEMU on this terminal, every key to COM1, ^C too. Returns QEMU's status; the terminal is as it was."""
    terminal = sys.stdin.fileno() if sys.stdin.isatty() else None
    saved = termios.tcgetattr(terminal) if terminal is not None else None
    machine = None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(INTERRUPTED))
    try:
        machine = subprocess.Popen(qemu.leashed(words))
        return machine.wait()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED)
    finally:
        if machine and machine.poll() is None:
            machine.kill()
            machine.wait()
        if saved is not None:
            termios.tcsetattr(terminal, termios.TCSADRAIN, saved)


def run_with_terminal(words):
    """The exit status of a run that a person leads: what they ended is a success."""
    say("`halt` ends the machine, `help` lists the commands")
    status = boot_with_terminal(words)
    code, meaning = (0, "the machine was restarted, which ends it here") if status == 0 else qemu.meaning(status)
    say(f"{'the machine has ended' if code == 0 and status != 0 else meaning}, status {code}")
    return code


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def last_match(regex, log):
    return next((m for m in (re.search(regex, line) for line in reversed(log)) if m), None)


def check_read(disk, log):
    """One line: does the guest's SHA-256 of the disk agree with ours?"""
    read = last_match(r"read: bytes=(\d+) sha256=([0-9a-f]{64})", log)
    if not read:
        say(f"check: FAIL the guest printed no SHA-256 of {disk}")
        return False
    size, digest = qemu.check_disk(disk), sha256_of(disk)
    if int(read[1]) != size or read[2] != digest:
        say(f"check: FAIL {disk} has {size} bytes, sha256 {digest}; the guest read {read[1]} bytes, sha256 {read[2]}")
        return False
    say(f"check: ok   {disk}: the guest read what is in it ({size} bytes, sha256 {digest})")
    return True


def check_scratch(scratch, log):
    """One line: is what the guest wrote in the image?"""
    verify = last_match(r"verify: bytes=(\d+) seed=0x([0-9a-f]+) .*\bok$", log)
    if not verify:
        say(f"check: FAIL the guest reported no verified write to {scratch}")
        return False
    size, seed = int(verify[1]), int(verify[2], 16)
    wrong = pattern.first_difference(scratch, seed, size)
    if wrong is not None:
        say(f"check: FAIL {scratch} differs from what the guest wrote, first at byte {wrong} of {size} (seed {seed:#x})")
        return False
    say(f"check: ok   {scratch}: what the guest wrote is in the image ({size} bytes, seed {seed:#x})")
    return True


def check_kills(log):
    """One line: was the driver killed at all, and did it come back?"""
    kills = sum("process: virtio_blk0 was killed" in line for line in log)
    starts = sum("process: virtio_blk0 started" in line for line in log)
    if kills == 0 or starts <= kills - 1:
        say(f"check: FAIL the driver was killed {kills} times and started {starts} times")
        return False
    say(f"check: ok   the driver was killed {kills} times and started again {starts - 1} times")
    return True


def slowed(backend):
    """(the same at a few MiB a second, further words for QEMU)"""
    group = ["-object", f"throttle-group,id=slow,x-bps-total={KILL_BYTES_PER_SECOND}"]
    return {"driver": "throttle", "throttle-group": "slow", "read-only": True, "file": backend}, group


def main():
    options = arguments()
    kernel, initrd = (os.path.join(options.build, name) for name in ("tenure.elf", "initrd.cpio"))
    disk = options.disk or os.path.join(options.build, "disk.img")
    scratch = os.path.join(options.build, "scratch.img")
    for path in (kernel, initrd):
        if not os.path.exists(path):
            fail(f"there is no {path}; `make build` makes it")
    try:
        qemu.check_disk(disk)
    except qemu.DiskError as error:
        fail(str(error))
    with make_scratch(scratch, disk):
        return run_machine(options, kernel, initrd, disk, scratch)


def run_machine(options, kernel, initrd, disk, scratch):
    extra, obeys = (qemu.IOMMU, qemu.OBEYS) if options.iommu == "on" else ([], {})
    backends = [qemu.file_backend(disk, read_only=True), qemu.file_backend(scratch, read_only=False)]
    if options.manifest == KILL:
        backends[0], group = slowed(backends[0])
        extra = [*extra, *group]
    extra = [*extra, *(word for device in options.device for word in ("-device", device))]
    disks = [qemu.Disk(backend, **obeys) for backend in backends]
    append = f"manifest={options.manifest}{' diag' if options.diag else ''} {options.append}".strip()
    say(f"disk 0 is {disk} (read-only), disk 1 is {scratch}; manifest={options.manifest}, {options.memory} MiB, IOMMU {options.iommu}")
    machine = {"memory": int(options.memory), "extra": extra}
    if options.diag or options.manifest in READS_CONSOLE:
        return run_with_terminal(qemu.command_line(kernel, initrd, append, disks, serial=qemu.TERMINAL, **machine))
    status, log = boot(qemu.command_line(kernel, initrd, append, disks, **machine))
    code, words = qemu.meaning(status)
    checked = {"read": lambda: [check_read(disk, log), check_scratch(scratch, log)],
               KILL: lambda: [check_read(disk, log), check_kills(log)]}
    if code == 0 and options.manifest in checked:
        checks = checked[options.manifest]()
        if not all(checks):
            code, words = 1, "every job reports success, and a check from outside failed"
    say(f"{words}, status {code}")
    return code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
