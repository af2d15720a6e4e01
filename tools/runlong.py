#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `make test-long` does: runs the tests marked `long`, each under ten minutes, and remembers which have
passed for what they test (build/long-tests.txt). Interrupted, or limited by --minutes, it goes on later; after a change it
runs again what the change can have touched. With --record FILE, what that file says has passed, anywhere, counts too, and
the file is written anew: with what has passed for the tree as it is, and nothing else.
"""

import argparse
import functools
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import prove_depends

STATE = "long-tests.txt"
HEAD = "# SPDX-License-Identifier: Apache-2.0"  # the record is a file of the tree
LIMIT = 600  # seconds for one test
AT_ONCE = {"prove": 2}  # of a folder; the others measure time, or use both processors themselves: one after the other
OUTPUT_SHOWN = 20000  # characters of a test that failed
PYTEST = [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini", "--rootdir", "tests", "-q"]
IMAGES = ("tenure.elf", "initrd.cpio")
SUFFIXES = (".c", ".h", ".py", ".toml", ".txt", ".pml")

# How names of tests begin -> what decides their outcome: files and folders of the tree; the longest that fits counts. What
# is not listed here depends on everything: all of core/, tests/ and the images. Of proofs prove_depends.py tells.
HEADERS = tuple(f"include/tenure/abi/{name}.h" for name in ("handle", "ring", "status"))  # what core/ sees of include/
DEPENDS = {
    "model": ("core", *HEADERS, "tests/model", "tests/harness"),
    "fuzz": ("core", "include", "kernel/firmware", "kernel/pci", "tests/fuzz", "tests/property", "tests/harness"),
    "smoke": ("core", "tests/smoke", "tests/manifests", "tests/harness", "tests/markers.toml", "tests/conftest.py"),
}
WITHOUT_IMAGES = ("model", "fuzz")


def files_below(path):
    if os.path.isfile(path):
        return [path]
    found = []
    for folder, folders, names in os.walk(path):
        folders.sort()
        found += sorted(os.path.join(folder, name) for name in names if name.endswith(SUFFIXES))
    return found


@functools.cache
def digest(group, build):
    """Identifies what the tests of a group of DEPENDS test; "" are the others."""
    paths = [os.path.join(build, name) for name in IMAGES] if group not in WITHOUT_IMAGES else []
    for top in DEPENDS.get(group, ("core", "tests")):
        paths += files_below(top)
    value = hashlib.sha256()
    for path in paths:
        value.update(path.encode() + b"\0")
        with open(path, "rb") as file:
            value.update(file.read())
    return value.hexdigest()


def digest_of(test, build):
    if test.startswith("prove/"):
        return prove_depends.digest(test)
    return digest(max((group for group in DEPENDS if test.startswith(group)), key=len, default=""), build)


def collect(environment):
    output = subprocess.run(
        [*PYTEST, "tests", "-m", "long", "--collect-only"], env=environment, capture_output=True, text=True
    ).stdout
    return [line for line in output.splitlines() if "::" in line]


def load(path):
    """{test: [digest, seconds, time]} of what has passed; nothing of a file that is not what save writes."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    if not lines or lines[0] != HEAD:
        return {}
    fields = [line.split(" ", 3) for line in lines[1:]]
    return {field[3]: field[:3] for field in fields} if all(len(field) == 4 for field in fields) else {}


def save(path, state):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(HEAD + "\n" + "".join(f"{' '.join(value)} {test}\n" for test, value in sorted(state.items())))
    os.replace(path + ".new", path)


def believed(wanted, state):
    """What of it has passed for what is wanted: {test: digest}."""
    return {test: state[test] for test, digest in wanted.items() if state.get(test, [""])[0] == digest}


def run_one(test, environment):
    """(passed, seconds, what it printed). What a test has started ends with it: provers that went on would make the next
    tests late as well.
    """
    start = time.monotonic()
    process = subprocess.Popen(
        [*PYTEST, "-m", "long", os.path.join("tests", test)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        output = f"not finished within {LIMIT} s"
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    return process.returncode == 0, time.monotonic() - start, output


def main():
    parser = argparse.ArgumentParser(description="runs the long tests; goes on where it stopped")
    parser.add_argument("--build", default="build")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no test after this long")
    parser.add_argument("--only", default="", help="only tests whose name contains this")
    parser.add_argument("--record", default="", help="a file of what has passed elsewhere, which is written anew")
    options = parser.parse_args()
    environment = {**os.environ, "TENURE_BUILD": options.build, "PYTHONDONTWRITEBYTECODE": "1"}
    tests = [test for test in collect(environment) if options.only in test]
    if not tests:
        print("no test is marked long, or they cannot be collected: pytest tests -m long --collect-only")
        return 1
    path = os.path.join(options.build, STATE)
    wanted = {test: digest_of(test, options.build) for test in tests}
    record, state = load(options.record), load(path)
    passed = {**believed(wanted, record), **believed(wanted, state)}
    failed, start, one_at_a_time = [], time.monotonic(), threading.Lock()

    def run(test):
        if time.monotonic() - start > options.minutes * 60:
            return
        ok, seconds, output = run_one(test, environment)
        with one_at_a_time:
            print(f"{test}: {'passed' if ok else 'FAILED'}, {seconds:.0f} s", flush=True)
            if ok:
                passed[test] = [wanted[test], f"{seconds:.0f}s", time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime())]
                save(path, {**record, **state, **passed})
            else:
                print(output[-OUTPUT_SHOWN:], flush=True)
                failed.append(test)

    print(f"{len(tests)} long tests, {len(passed)} of them passed before", flush=True)
    for group in sorted({test.split("/")[0] for test in tests}, key=lambda name: AT_ONCE.get(name, 1)):
        with ThreadPoolExecutor(AT_ONCE.get(group, 1)) as pool:
            list(pool.map(run, [test for test in tests if test.startswith(group + "/") and test not in passed]))
    if options.record:
        save(options.record, {**load(options.record), **passed} if options.only else passed)
    left = len(tests) - len(passed) - len(failed)
    if left:
        print(f"{left} long tests are left; `make test-long` again goes on")
    print(f"{len(passed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
