# SPDX-License-Identifier: Apache-2.0
"""A machine under test: starts QEMU, collects the serial log as it comes, never waits without a limit, and ends by its
own process number what it started."""

import os
import re
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

from harness import log, markers, paths

import qemu

DEFAULT_TIMEOUT = 60.0  # a boot takes one or two seconds; two machines share two noisy cores

# Every machine of the current test, so that a failure can show their logs (conftest.py).
started = []


class MachineTimeout(AssertionError):
    pass


@dataclass(eq=False)
class Machine:
    process: subprocess.Popen
    command: list
    lines: list
    errors: object  # file with QEMU's stderr
    timeout: float

    def __post_init__(self):
        self.changed = threading.Condition()
        self.ended = False
        self.deadline = time.monotonic() + self.timeout
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for raw in self.process.stdout:
            with self.changed:
                self.lines.append(log.parse(raw.decode("utf-8", "replace").rstrip("\r\n")))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def write(self, text):
        """Types on COM1; for a machine that was started with `typed`. The machine takes it as fast as it reads."""
        self.process.stdin.write(text if isinstance(text, bytes) else text.encode())
        self.process.stdin.flush()

    def wait_until(self, holds, what):
        """What `holds()` answers as soon as it is true of the log; an error if the machine ends or the time is up first."""
        with self.changed:
            while not (answer := holds()):
                left = self.deadline - time.monotonic()
                if left <= 0:
                    self.kill()
                    raise MachineTimeout(f"{what} did not come within {self.timeout} s")
                if self.ended:
                    raise AssertionError(f"the machine ended before {what} came")
                self.changed.wait(left)
            return answer

    def wait_for(self, regex):
        """The first match of `regex` in the log, waiting for it."""
        return self.wait_until(lambda: log.search(self.lines, regex), f"a line that matches {regex!r}")

    def wait_end(self):
        """QEMU's exit status."""
        try:
            status = self.process.wait(max(0.1, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.kill()
            raise MachineTimeout(f"the machine did not end within {self.timeout} s")
        self.reader.join(5)
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(5)

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    # ---- what tests ask of the log ----

    def find(self, regex):
        """The match of a line that must be there."""
        match = log.search(self.lines, regex)
        assert match, f"no line of the log matches {regex!r}"
        return match

    def find_all(self, regex):
        return [m for m in (re.search(regex, line.text) for line in self.lines) if m]

    def lacks(self, regex):
        match = log.search(self.lines, regex)
        assert not match, f"the log must not have a line that matches {regex!r}: {match.string!r}"

    def text(self):
        return "\n".join(line.raw for line in self.lines)


def start(archive, append="manifest=read", disks=(), memory=256, kernel=None, extra=(), timeout=DEFAULT_TIMEOUT,
          loader=None, typed=False):
    """A machine that runs; end it with wait_end() or kill() (conftest.py kills what a test leaves behind)."""
    words = qemu.command_line(kernel or paths.KERNEL, archive, append, disks, memory=memory, extra=extra, loader=loader)
    return start_words(words, timeout, typed)


def start_words(words, timeout=DEFAULT_TIMEOUT, typed=False):
    """The same from a whole command line, for machines of another shape. `typed`: write() types on COM1."""
    keyboard = subprocess.PIPE if typed else subprocess.DEVNULL
    errors = tempfile.TemporaryFile()
    process = subprocess.Popen(qemu.leashed(words), stdin=keyboard, stdout=subprocess.PIPE, stderr=errors)
    machine = Machine(process, words, [], errors, timeout)
    started.append(machine)
    return machine


def run(archive, append="manifest=read", *args, **kwargs):
    """Boots and waits for the end: (machine, QEMU's exit status). A run that reports success must show its markers."""
    machine = start(archive, append, *args, **kwargs)
    status = machine.wait_end()
    if status == qemu.EXIT_SUCCESS:
        assert markers.problems(machine.lines, log.fields(append)["manifest"]) == []
    return machine, status


def save_logs(name, machines):
    """Writes the logs of a test's machines under build/test-logs; returns the path, or None without machines."""
    if not machines:
        return None
    os.makedirs(paths.LOGS, exist_ok=True)
    path = os.path.join(paths.LOGS, re.sub(r"[^A-Za-z0-9_.-]+", "_", name) + ".log")
    with open(path, "w", encoding="utf-8") as file:
        for machine in machines:
            print("$", *machine.command, file=file)
            print(machine.text(), file=file)
            print(f"-- QEMU status {machine.process.poll()}; its stderr:", machine.stderr(), sep="\n", file=file)
    return path
