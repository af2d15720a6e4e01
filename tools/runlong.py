#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `make test-long` does: runs the tests marked `long`, one at a time, each under ten minutes, and remembers which
have passed for these very artefacts (build/long-tests.json). Interrupted, or limited by --minutes, it goes on later.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time

STATE = "long-tests.json"
LIMIT = 600  # seconds for one test
PYTEST = [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini", "--rootdir", "tests", "-q"]


def digest(build):
    """Identifies what is tested: the images, core/ (the long tests build it anew) and the tests themselves."""
    value = hashlib.sha256()
    paths = [os.path.join(build, name) for name in ("tenure.elf", "initrd.cpio")]
    for top in ("core", "tests"):
        for folder, folders, names in os.walk(top):
            folders.sort()
            paths += sorted(os.path.join(folder, name) for name in names if name.endswith((".c", ".h", ".py", ".toml", ".txt")))
    for path in paths:
        with open(path, "rb") as file:
            value.update(file.read())
    return value.hexdigest()


def collect(environment):
    output = subprocess.run(
        [*PYTEST, "tests", "-m", "long", "--collect-only"], env=environment, capture_output=True, text=True
    ).stdout
    return [line for line in output.splitlines() if "::" in line]


def load(path, wanted):
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            state = json.load(file)
        if state.get("digest") == wanted:
            return state
    return {"digest": wanted, "passed": {}}


def save(path, state):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(state, file, indent=1)
    os.replace(path + ".new", path)


def run_one(test, environment):
    """(passed, seconds)"""
    start = time.monotonic()
    try:
        path = os.path.join("tests", test)
        status = subprocess.run(
            [*PYTEST, "-m", "long", path], env=environment, stdin=subprocess.DEVNULL, timeout=LIMIT
        ).returncode
    except subprocess.TimeoutExpired:
        print(f"{test}: not finished within {LIMIT} s")
        status = 1
    return status == 0, time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description="runs the long tests; goes on where it stopped")
    parser.add_argument("--build", default="build")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no test after this long")
    options = parser.parse_args()
    environment = {**os.environ, "TENURE_BUILD": options.build, "PYTHONDONTWRITEBYTECODE": "1"}
    tests = collect(environment)
    if not tests:
        print("no test is marked long, or they cannot be collected: pytest tests -m long --collect-only")
        return 1
    path = os.path.join(options.build, STATE)
    state = load(path, digest(options.build))
    failed, start = [], time.monotonic()
    for test in tests:
        if test in state["passed"]:
            print(f"{test}: passed before, in {state['passed'][test]:.0f} s")
            continue
        if time.monotonic() - start > options.minutes * 60:
            break
        print(f"{test}: runs, at most {LIMIT} s", flush=True)
        passed, seconds = run_one(test, environment)
        if passed:
            state["passed"][test] = seconds
            save(path, state)
        else:
            failed.append(test)
    left = len(tests) - len(state["passed"]) - len(failed)
    if left:
        print(f"{left} long tests are left; `make test-long` again goes on")
    print(f"{len(state['passed'])} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
