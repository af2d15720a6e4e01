# SPDX-License-Identifier: Apache-2.0
"""The diagnostics console: the early prompt, the shell of a process, and what neither may show."""

import os
import re
import subprocess
import tomllib

import pytest

from harness import archive, disks, machine, markers, messages, paths, qmp
from harness.disks import MiB

import qemu

RNG = [word for n in range(3) for word in ("-device", f"virtio-rng-pci,addr={16 + n:x}")]
OVERLONG = "x" * 200
SCRIPT = ["page off", "pci", "pci -v", "pci all", "acpi", "irq", "iommu", "dma", "locks", "mmio", "mem", "ps", "caps", "ledger", "audit", "audit kernel"]
SCRIPT += ["halt now", "reboot -f", "continue please", "mem all", "audit nobody", "help", "page", "frobnicate now", OVERLONG, "", "   mem   "]


def answers(m, prompt):
    """What came after each line at the prompt: {line: [lines of output]}; the last such line counts."""
    found, output = {}, []
    for line in m.lines:
        if match := re.search(rf"^{prompt}> (.*)$", line.raw):
            output = found[match[1].replace("\a", "")] = []
        elif line.seconds is None:
            output.append(line.raw)
    return found


class Session:
    """A machine that was typed to, and has ended."""

    def __init__(self, m, prompt, functions, addresses, image):
        self.machine, self.functions, self.addresses, self.image = m, functions, addresses, image
        self.answers = answers(m, prompt)
        self.status = m.process.poll()


def early_session(folder, script, kernel=None):
    image, scratch = disks.Image(folder, MiB), disks.scratch(folder)
    monitor = qmp.Monitor(folder)
    m = machine.start(
        archive.build(folder),
        "manifest=read diag",
        [image.disk(), scratch.disk(read_only=False)],
        kernel=kernel,
        extra=[*RNG, *monitor.options()],
        typed=True,
    )
    m.wait_for(messages.PROMPT_EARLY)
    monitor.connect()
    addresses, functions = monitor.addresses(), monitor.functions()
    m.write("\n".join(script) + "\n")
    m.wait_end()
    return Session(m, "diag", functions, addresses, image)


@pytest.fixture(scope="module")
def early(tmp_path_factory):
    return early_session(str(tmp_path_factory.mktemp("early")), [*SCRIPT, "continue"])


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("shell"))
    image = disks.Image(folder, MiB)
    monitor = qmp.Monitor(folder)
    m = machine.start(
        archive.build(folder, ["shell"]), "manifest=shell", [image.disk()], extra=monitor.options(), typed=True
    )
    m.wait_for(messages.PROMPT_SHELL)
    m.wait_for(r"^process: reader exited with status 0$")
    monitor.connect()
    addresses, functions = monitor.addresses(), monitor.functions()
    m.write("\n".join([*SCRIPT, "audit shell", "continue", "exit"]) + "\n")
    m.wait_end()
    return Session(m, "shell", functions, addresses, image)


def budgets(name):
    """Process -> its table in the manifest."""
    with open(archive.manifest_path(name), "rb") as file:
        return {p["name"]: p for p in tomllib.load(file)["process"]}


# line typed -> a line that its answer must have, at either prompt
ROWS = {
    "pci": r"^00:04\.0 1af4:1042 class 010000 endpoint, group \d+$",
    "pci -v": r"^  BAR4 memory64 prefetchable size 4000$",
    "pci all": r"^pci: `pci` or `pci -v`$",
    "acpi": r"^DMAR not there, or not usable: no Intel IOMMU is known: devices are not isolated$",
    "irq": r"^\d+ of 128 routes in use; stale 0, spurious \d+, lost 0$",
    "locks": r"^lock log rank 70, free, taken [1-9]\d*(, last at \S+)?$",
    "iommu": r"^no unit is driven; `dma` tells what that means for each device$",
    "dma": r"^00:04\.0 group \d+ unclaimed, bus mastering off: no IOMMU that this kernel drives$",
    "mmio": r"^\d+ of 256 windows in use$",
    "mem": r"^free: \d+ pages$",
    "   mem   ": r"^free: \d+ pages$",
    "audit": r"^\d+ recorded, 0 of them lost, \d+ uses of the data path allowed$",
    "audit kernel": r"^0 recorded, 0 of them lost, 0 uses of the data path allowed$",
    "audit nobody": r"^audit: no process has this label; `ps` lists them$",
    "halt now": r"^halt: it takes no argument$",
    "reboot -f": r"^reboot: it takes no argument$",
    "continue please": r"^continue: it takes no argument$",
    "mem all": r"^mem: it takes no argument$",
    "help": r"^ledger +what each process has of its budget, and each device; do the books agree\?$",
    "page": r"^page: it is off; `page on` or `page off`$",
    "frobnicate now": r"^unknown command frobnicate; `help` lists them$",
}
ROWS_EARLY = {
    **ROWS,
    "ps": r"^no process has been started; `continue` starts those of the manifest$",
    "caps": r"^no process has been started; `continue` starts those of the manifest$",
    "ledger": r"^no process has been started; `continue` starts those of the manifest$",
}
ROWS_SHELL = {
    **ROWS,
    "ps": r"^reader ended with status 0, 0 pages, job$",
    "caps": r"^shell Console, read write control: 1$",
    "ledger": r"^virtio_blk0 mmio_bytes: 12288 of 65536, refused 0$",
    "irq": r"^route vector \d+ I/O APIC input 4, armed, holder kernel, arrived [1-9]\d* events [1-9]\d* storms 0$",
    "mmio": r"^00:04\.0 BAR4 offset [0-9a-f]+ length 1000, holder virtio_blk0$",
    "dma": r"^pool of virtio_blk0, mapped, in no domain: \d+ buffers of \d+ bytes, \d+ free, \d+ with the device, 0 of them for good$",
    "audit shell": r"^\d+ \d+\.\d{6} shell: console command, Console generation 1, TN_OK, reason 0$",
    "continue": r"^continue: the processes of the manifest have been started already$",
}


@pytest.mark.parametrize("line", ROWS_EARLY)
def test_each_command_answers_at_the_early_prompt(early, line):
    assert [x for x in early.answers[line] if re.search(ROWS_EARLY[line], x)], early.answers[line]


@pytest.mark.parametrize("line", ROWS_SHELL)
def test_each_command_answers_in_the_shell(shell, line):
    assert [x for x in shell.answers[line] if re.search(ROWS_SHELL[line], x)], shell.answers[line]


def same_command(one, other):
    return one.split()[0] == other.split()[0]


@pytest.mark.parametrize("line", ROWS_SHELL)
def test_twin_the_answer_to_another_command_is_not_taken_for_it(shell, line):
    """The negative twin: what is asked of an answer holds for no other one."""
    others = [other for other in ROWS_SHELL if not same_command(line, other)]
    assert len(others) >= len(ROWS_SHELL) - 4
    assert [other for other in others for x in shell.answers[other] if re.search(ROWS_SHELL[line], x)] == []


def functions_of(lines):
    """bdf -> qmp.Function, from the answer to `pci -v`."""
    found, at = {}, None
    for line in lines:
        if match := re.search(r"^(\S+) (\S{9}) class ([0-9a-f]{6}) \w+, group \d+$", line):
            at = match[1]
            found[at] = qmp.Function(at, match[2], int(match[3], 16) >> 8, (), ())
        elif match := re.search(r"^  BAR(\d) (\w+)( prefetchable)? size ([0-9a-f]+)$", line):
            bar = (int(match[1]), match[2], bool(match[3]), int(match[4], 16))
            f = found[at]
            found[at] = qmp.Function(f.bdf, f.id, f.class_code, (*f.bars, bar), f.buses)
    return found


def test_pci_lists_what_qemu_lists(early, shell):
    assert functions_of(early.answers["pci -v"]) == early.functions
    assert functions_of(shell.answers["pci -v"]) == shell.functions


def test_irq_has_a_line_for_each_function(early):
    assert {x.split()[1] for x in early.answers["irq"] if x.startswith("source ")} == set(early.functions)


def test_ps_and_ledger_are_those_of_the_manifest(shell):
    manifest = budgets("shell")
    assert [x.split()[0] for x in shell.answers["ps"]] == list(manifest)
    limits = {}
    assert shell.answers["ledger"][-1] == "the ledgers and the objects agree"
    for line in shell.answers["ledger"]:
        match = re.fullmatch(r"(\w+) (\w+): (\d+) of (\d+), refused 0", line)
        if not match:
            assert re.match(r"(\S+|no device): pool_bytes \d+, |the ledgers and", line), line
            continue
        assert int(match[3]) <= int(match[4])
        limits[match[1], match[2]] = int(match[4])
    for name, process in manifest.items():
        for key in ("memory_pages", "cap_slots", "interrupts", "in_flight", "channels"):
            assert limits.get((name, key), 0) == process["budget"].get(key, 0), (name, key)


def test_memory_by_purpose_adds_up(early, shell):
    for session in (early, shell):
        pages = dict(re.fullmatch(r"(.*): (\d+) pages", x).groups() for x in session.answers["mem"] if x.endswith(" pages"))
        pages = {what: int(n) for what, n in pages.items()}
        parts = ("free", "processes", "DmaPools", "records of DmaPools", "kernel")
        assert pages["managed"] == sum(pages[part] for part in parts) and pages["in quarantine, of these"] == 0


def test_the_audit_log_is_shown_in_order(shell):
    numbers = [int(m[1]) for m in (re.match(r"(\d+) \d+\.\d{6} ", x) for x in shell.answers["audit"]) if m]
    assert len(numbers) > 22 and numbers == sorted(set(numbers))


def test_an_overlong_line_is_answered_and_not_run(early, shell):
    early.machine.find(messages.of(messages.LINE_TOO_LONG, source="console"))
    shell.machine.find(messages.of(messages.LINE_TOO_LONG, source="shell"))
    for session in (early, shell):
        session.machine.lacks("unknown command x")


def test_continue_goes_on_to_the_job_of_the_manifest(early):
    assert early.status == qemu.EXIT_SUCCESS
    assert early.machine.find(messages.READ)["sha256"] == early.image.sha256()
    assert markers.problems(early.machine.lines, "read") == []


def test_the_shell_runs_beside_a_job_and_ends_with_success(shell):
    assert shell.status == qemu.EXIT_SUCCESS
    assert shell.machine.find(messages.READ)["sha256"] == shell.image.sha256()
    shell.machine.find(messages.CONSOLE_INPUT)


# ---- G5: no physical addresses ----


def addresses_in(text, addresses):
    """The addresses that stand in the text, in any way of writing a number."""
    numbers = set()
    for word in re.findall(r"[0-9a-f]+", text.lower()):
        numbers.add(int(word, 16))
        if word.isdecimal():
            numbers.add(int(word))
    return numbers & {a for a in addresses if a > 0xFFFF}  # a port such as c000 is a number like any other


def test_g5_the_console_shows_no_address_of_registers(early, shell):
    for session in (early, shell):
        assert len([a for a in session.addresses if a > 0xFFFF]) >= 2
        assert addresses_in(session.machine.text(), session.addresses) == set()


def wide_numbers(lines):
    """Lines with a number as wide as the memory map's."""
    return [line.text for line in lines if re.search(r"\b(0x)?[0-9a-f]{12,16}\b", line.text)]


def test_g5_the_memory_map_is_printed_before_there_are_owners_and_never_again(early, shell):
    for session in (early, shell):
        lines = session.machine.lines
        mark = next(n for n, line in enumerate(lines) if line.text == "MARK boot: memory")
        assert len(wide_numbers(lines[:mark])) >= 5
        assert wide_numbers(lines[mark:]) == []


def test_twin_g5_a_kernel_that_shows_them_is_noticed(folder):
    session = early_session(folder, ["page off", "pci -v", "halt"], kernel=paths.TWIN)
    assert addresses_in(session.machine.text(), session.addresses)


# ---- who may read and command ----

BAD_ARGUMENTS = {
    "command without text": "TN_ERANGE",
    "command too long": "TN_ERANGE",
    "command of controls": "TN_EINVAL",
    "command of the kernel's memory": "TN_EFAULT",
    "page too long": "TN_ERANGE",
    "read quietly": "TN_EINVAL",
    "read without room": "TN_ERANGE",
    "read of another kind": "TN_EINVAL",
}


def probe(folder, right, *words, **options):
    manifest = f"console_probe_{right}"
    m, status = machine.run(archive.build(folder, [manifest]), f"manifest={manifest}", *words, **options)
    assert status == qemu.EXIT_SUCCESS
    return m, {match["what"]: match["status"] for match in m.find_all(messages.PROBED)}


def test_g1_a_process_without_the_right_reads_nothing_and_commands_nothing(folder):
    m, answered = probe(folder, "write")
    assert set(answered.values()) == {"TN_EDENIED"} and len(answered) == len(BAD_ARGUMENTS) + 3
    m.lacks("console: input by")  # nobody may read: nothing is bound


def test_twin_g1_with_the_right_the_same_calls_are_judged_by_their_arguments(folder):
    m, answered = probe(folder, "shell")
    assert answered == {**BAD_ARGUMENTS, "command": "TN_OK", "read": "TN_ETIMEDOUT", "read again": "TN_ESTATE"}
    m.find(r"^prober ready, \d+ pages, job$")


def test_the_interrupt_of_com1_arrives_on_the_older_machine_too(folder):
    m, answered = probe(folder, "shell", extra=["-machine", "pc"])
    m.find(messages.CONSOLE_INPUT)
    assert answered["read"] == "TN_ETIMEDOUT"


def test_without_an_io_apic_it_is_said_that_there_is_no_input(folder):
    manifest = "console_probe_shell"
    words = qemu.command_line(paths.KERNEL, archive.build(folder, [manifest]), f"manifest={manifest}")
    words[words.index("-M") + 1] = "microvm,acpi=off"
    m = machine.start_words(words)
    assert m.wait_end() == qemu.EXIT_SUCCESS
    m.find(messages.NO_CONSOLE_INPUT)
    assert "prober: read: TN_ENOTSUP" in m.text()


# ---- keys, pages, ends ----


def typed_early(folder, keys, append="manifest=read diag"):
    """(machine, QEMU's status) after the keys at the early prompt; they must end the machine."""
    m = machine.start(archive.build(folder), append, extra=RNG, typed=True)
    m.wait_for(messages.PROMPT_EARLY)
    m.write(keys)
    return m, m.wait_end()


def pages_of(m):
    return m.text().count("-- more --")


@pytest.mark.parametrize(
    "keys, pages, whole",
    [("q", 1, False), ("\x03", 1, False), (" ", 1, True), ("?\r\r", 2, True), ("\rq", 2, False)],
)
def test_a_page_waits_for_its_key(folder, keys, pages, whole):
    m, status = typed_early(folder, f"pci -v\r{keys}halt\r")
    assert status == qemu.EXIT_SUCCESS
    assert (pages_of(m), bool(m.find_all(r"^(-- more --\s+)?7 functions in \d+ isolation groups$"))) == (pages, whole)


def test_keys_edit_the_line_and_arrows_bring_lines_back(folder):
    m, status = typed_early(folder, "nonsense\x15irx\x7fq\rgarbage\x03\x1b[A\b\b\bpage\r\x1b[A\x1b[A\x1b[3~\rhalt\r")
    assert status == qemu.EXIT_SUCCESS
    assert len(m.find_all(r"of 128 routes in use")) == 2
    m.find(r"^page: it is on\b")
    m.lacks("unknown command")


def test_noise_on_the_line_is_survived(folder):
    noise = bytes(disks.random_of("noise").choices([*range(256), *b"\x1b[A\x1b[B\r\n\x7f"], k=6000))
    m, status = typed_early(folder, b"page off\r" + noise + b"\x03\x15\x03help\rhalt\r")
    assert status == qemu.EXIT_SUCCESS
    m.find(r"^help +this list$")
    m.lacks(r"^panic:")


def test_reboot_restarts_the_machine(folder):
    m, status = typed_early(folder, "reboot\r")
    assert status == 0, "QEMU leaves at a reset (-no-reboot)"
    m.find(r"^console: reboot$")


def test_the_shell_pages_and_other_processes_go_on(folder):
    image = disks.Image(folder, 8 * MiB)
    m = machine.start(archive.build(folder, ["shell"]), "manifest=shell", [image.disk()], typed=True)
    m.wait_for(messages.PROMPT_SHELL)
    m.write("ledger\n\nhelp\naudit\n")  # nobody answers the page
    m.wait_for(r"^process: reader exited with status 0$")
    m.write("qq\x03audit\n q\nps\nexit\n")
    assert m.wait_end() == qemu.EXIT_SUCCESS
    assert m.find(messages.READ)["sha256"] == image.sha256()
    assert pages_of(m) >= 1  # how many depends on what the keys meet


def test_make_diag_ends_with_halt(folder):
    for name in ("tenure.elf", "initrd.cpio", "disk.img"):
        os.symlink(os.path.join(paths.BUILD, name), os.path.join(folder, name))
    done = subprocess.run(
        [paths.PYTHON, os.path.join(paths.TOOLS, "run.py"), "--build", folder, "--diag"],
        input="\n\nps\nhalt\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "no process has been started" in done.stdout and "MARK boot: first user" not in done.stdout
