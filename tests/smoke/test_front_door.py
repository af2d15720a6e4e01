# SPDX-License-Identifier: Apache-2.0
"""`make run` and its tool: bad arguments are named, nothing is asked, nothing is left behind, nothing is damaged."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from harness import disks, paths
from harness.disks import MiB

RUN = [paths.PYTHON, os.path.join(paths.TOOLS, "run.py"), "--build", paths.BUILD]


@pytest.fixture
def build(folder):
    """A build folder of the test's own, since a run writes its scratch image there."""
    for name in ("tenure.elf", "initrd.cpio", "disk.img"):
        os.symlink(os.path.join(paths.BUILD, name), os.path.join(folder, name))
    return folder


def run(build, *arguments, timeout=120):
    return subprocess.run(
        [*RUN[:-1], build, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.mark.parametrize(
    "size, complaint",
    [(0, "is empty"), (513, "not a multiple of 512"), (511, "not a multiple of 512")],
)
def test_a_disk_of_impossible_size_is_named(build, size, complaint):
    path = os.path.join(build, "odd.img")
    with open(path, "wb") as file:
        file.truncate(size)
    done = run(build, "--disk", path)
    assert done.returncode == 64
    assert path in done.stderr and complaint in done.stderr


def test_a_disk_that_does_not_exist_is_named(build):
    path = os.path.join(build, "no such disk")
    done = run(build, "--disk", path)
    assert done.returncode == 64
    assert path in done.stderr and "no such file" in done.stderr


def test_a_directory_as_disk_is_named(build):
    done = run(build, "--disk", build)
    assert done.returncode == 64
    assert build in done.stderr and "directory" in done.stderr


@pytest.mark.parametrize("name", ["scratch.img", "another name.img"])
def test_the_scratch_image_is_nobody_s_disk(build, name):
    scratch, path = os.path.join(build, "scratch.img"), os.path.join(build, name)
    image = disks.Image(build, MiB, "scratch.img")
    before = image.sha256()
    if path != scratch:
        os.link(scratch, path)
    done = run(build, "--disk", path)
    assert done.returncode == 64
    assert path in done.stderr and "scratch image" in done.stderr
    assert image.sha256() == before


def test_a_second_run_leaves_the_scratch_image_of_the_first_alone(build):
    slow = os.path.join(build, "slow.img")
    with open(slow, "wb") as file:
        file.truncate(256 * MiB)  # sparse; the writer is done long before the reader
    first = subprocess.Popen([*RUN[:-1], build, "--disk", slow], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    for line in first.stdout:
        if " verify: bytes=" in line:
            break
    second = run(build)
    rest = first.stdout.read()
    assert second.returncode == 64 and "another run" in second.stderr
    assert first.wait(60) == 0 and "check: ok   " + os.path.join(build, "scratch.img") in rest
    assert run(build).returncode == 0  # what has ended holds nothing


def test_a_disk_whose_name_qemu_cannot_be_told_is_named_and_may_have_a_link(build):
    image = disks.Image(build, MiB, "latin \udcff.img")
    done = run(build, "--disk", image.path)
    assert done.returncode == 64
    assert "latin \\udcff.img" in done.stderr and "not UTF-8" in done.stderr
    link = os.path.join(build, "link.img")
    os.symlink(image.path, link)
    assert run(build, "--disk", link).returncode == 0


@pytest.mark.parametrize("memory", ["none", "-1", "8", "99999999", "256M", pytest.param("9" * 5000, id="5000-digits")])
def test_an_impossible_amount_of_memory_is_named(build, memory):
    done = run(build, f"--memory={memory}")
    assert done.returncode == 64
    assert memory in done.stderr


def test_a_manifest_name_cannot_smuggle_words_into_the_command_line(build):
    done = run(build, "--manifest", "read provoke=panic")
    assert done.returncode == 64
    assert "read provoke=panic" in done.stderr


def test_the_main_job_succeeds_and_is_checked_from_outside(build):
    name = "disk with a, comma.img"
    image = disks.Image(build, 3 * MiB, name)
    before = image.sha256()
    done = run(build, "--disk", image.path)
    assert done.returncode == 0, done.stdout[-3000:]
    checks = re.findall(r"^run: check: ok .*$", done.stdout, re.M)
    assert len(checks) == 2 and before in checks[0]
    assert image.sha256() == before


def test_the_default_disk_is_made_by_the_build_and_is_at_most_16_mib(build):
    path = os.path.join(paths.BUILD, "disk.img")
    assert 0 < os.path.getsize(path) <= 16 * MiB
    done = run(build)
    assert done.returncode == 0, done.stdout[-3000:]


def test_further_devices_are_in_the_machine(build):
    assert run(build, "--manifest", "edu", "--device", "edu").returncode == 0
    without = run(build, "--manifest", "edu")
    assert without.returncode == 1 and "no device 0 with id 1234:11e8" in without.stdout


def test_a_panic_is_said_and_has_its_own_status(build):
    os.unlink(os.path.join(build, "tenure.elf"))  # a link to the release
    os.symlink(paths.TWIN, os.path.join(build, "tenure.elf"))
    done = run(build, "--append", "provoke=panic")
    assert done.returncode == 2
    assert "kernel panicked" in done.stdout


def machines_of(build):
    """Numbers of the QEMU processes that have this build folder on their command line."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if b"qemu-system" in words[0] and any(build.encode() in word for word in words):
                found.append(int(entry))
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_leaves_no_machine_behind(build, how):
    slow = os.path.join(build, "slow.img")
    with open(slow, "wb") as file:
        file.truncate(1024 * MiB)  # sparse; long enough to be interrupted
    process = subprocess.Popen(
        [*RUN[:-1], build, "--disk", slow],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )
    try:
        deadline = time.monotonic() + 30
        while not machines_of(build) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert machines_of(build), "the machine never started"
        process.send_signal(how)
        status = process.wait(10)
    finally:
        process.kill()
        process.wait()
    assert status == (130 if how != signal.SIGKILL else -signal.SIGKILL)
    deadline = time.monotonic() + 5
    while machines_of(build) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert machines_of(build) == []


def test_every_target_of_the_makefile_that_people_use_is_in_its_help():
    done = subprocess.run(["make", "-s", "help"], cwd=paths.ROOT, capture_output=True, text=True, check=True)
    for target in ("run", "diag", "run-read", "test", "test-long", "build", "bench", "format", "clean", "help"):
        assert re.search(rf"^  make {target} ", done.stdout, re.M), target


def deps_with(folder, installed, user_id="1000", stdin=subprocess.DEVNULL):
    """Runs tools/deps.sh on a machine where `installed` is what dpkg-query answers and nothing can really be installed."""
    shutil.copytree(paths.TOOLS, os.path.join(folder, "tools"), ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    commands = os.path.join(folder, "commands")
    os.makedirs(commands)
    stand_ins = {
        "dpkg-query": f"cat <<'END'\n{installed}\nEND",
        "apt-get": 'echo "apt-get $*" >>"$APT_LOG"',
        "id": f"echo {user_id}",
    }
    for name, script in stand_ins.items():
        path = os.path.join(commands, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(path, 0o755)
    log = os.path.join(folder, "apt.log")
    done = subprocess.run(
        ["sh", os.path.join(folder, "tools", "deps.sh")],
        env={"PATH": f"{commands}:{os.environ['PATH']}", "APT_LOG": log},
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=30,
    )
    with open(log, encoding="utf-8") if os.path.exists(log) else open(os.devnull) as file:
        return done, file.read()


def every_package():
    with open(os.path.join(paths.TOOLS, "packages.txt"), encoding="utf-8") as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    assert all(len(row) >= 3 for row in rows), "name, version and purpose"
    return {row[0]: row[1] for row in rows}


def answer(packages):
    return "\n".join(f"ii  {name} {version}-1" for name, version in packages.items())


def test_deps_is_silent_when_nothing_is_missing(folder):
    done, apt = deps_with(folder, answer(every_package()))
    assert (done.returncode, done.stdout, done.stderr, apt) == (0, "", "", "")


def test_deps_tells_who_is_not_root_the_exact_line_and_installs_nothing(folder):
    packages = every_package()
    del packages["cpio"], packages["meson"]
    done, apt = deps_with(folder, answer(packages))
    assert done.returncode == 1 and apt == ""
    assert "apt-get update && apt-get install -y --no-install-recommends cpio meson\n" in sorted_line(done.stderr)


def sorted_line(text):
    """The same text with the packages of the apt-get line in alphabetical order."""
    head, _, tail = text.partition("--no-install-recommends ")
    names, newline, rest = tail.partition("\n")
    return head + "--no-install-recommends " + " ".join(sorted(names.split())) + newline + rest


def test_deps_without_a_terminal_installs_as_root_without_asking(folder):
    packages = every_package()
    del packages["cpio"]
    done, apt = deps_with(folder, answer(packages), user_id="0")
    assert "apt-get update" in apt and "--no-install-recommends cpio" in apt
    assert done.returncode == 1 and "still missing" in done.stderr, "this apt-get installs nothing, and that is noticed"


@pytest.mark.parametrize("answer_given, installs", [("n", False), ("", False), ("y", True)])
def test_deps_at_a_terminal_lists_the_packages_and_asks(folder, answer_given, installs):
    packages = every_package()
    del packages["cpio"]
    leader, terminal = os.openpty()
    try:
        os.write(leader, f"{answer_given}\n".encode())
        done, apt = deps_with(folder, answer(packages), user_id="0", stdin=terminal)
    finally:
        os.close(leader)
        os.close(terminal)
    assert "cpio" in done.stdout and "[y/N]" in done.stdout
    assert ("apt-get install" in apt) == installs
    assert done.returncode == 1


def test_deps_names_a_version_we_do_not_test_with(folder):
    packages = {**every_package(), "qemu-system-x86": "1:9.0"}
    done, _ = deps_with(folder, answer(packages))
    assert done.returncode == 0
    assert "qemu-system-x86 is 1:9.0-1" in done.stderr
