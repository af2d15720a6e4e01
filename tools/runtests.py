#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `make test` does after the build: runs the host tests (Meson) and the tests that boot machines (pytest), and holds
the result against what must be there: every test file registered, every skip with its reason, every guarantee with its
test and its negative twin. The last line is `N passed, M failed`.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import test_audit
from test_audit import Case

JUNIT = "pytest.xml"
SLOWEST = 10
TWINS = "twin"
WORKERS = "2"


TAP_LINE = re.compile(r"^(?P<no>not )?ok \d+(?: - (?P<title>\S+))?(?: # (?P<skip>SKIP)(?: (?P<why>.*))?)?$")


def tap_cases(suite, name, seconds, output):
    """The cases of one TAP stream. cmocka puts a skipped test's name where the reason belongs; it has none to give."""
    cases = []
    for match in filter(None, map(TAP_LINE.match, output.splitlines())):
        title, reason = match["title"] or match["why"] or name, match["why"] if match["title"] else ""
        result = "skip" if match["skip"] else "fail" if match["no"] else "pass"
        cases.append(Case(suite, title, result, 0.0, reason or "", f"tests/{suite.removesuffix('-san')}/{name}.c"))
    if cases:
        cases[0].seconds = seconds
    return cases


def run_host_tests(build, only):
    command = ["meson", "test", "-C", build, "--no-rebuild", "--quiet", "--print-errorlogs", "--num-processes", WORKERS]
    log = os.path.join(build, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    status = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
    cases = []
    if os.path.exists(log):
        with open(log, encoding="utf-8") as file:
            for record in map(json.loads, file):
                cases += host_cases(record)
    if status != 0 and not any(c.result == "fail" for c in cases):
        cases.append(Case("unit", "meson test", "fail", 0.0, reason=f"meson test ended with status {status}"))
    return [c for c in cases if only in c.name or only in c.file]  # they take seconds, so all of them ran


def host_cases(record):
    """The cases of one program. One that failed without a failed case (a crash, a sanitizer) is a case itself; so is a
    twin, whose own case has to fail for it to pass."""
    suite, _, name = record["name"].removeprefix("tenure:").partition(" / ")
    cases = [] if suite == TWINS else tap_cases(suite, name, record["duration"], record.get("stdout", ""))
    succeeded = record["result"] in ("OK", "EXPECTEDFAIL", "SKIP")
    if not cases and succeeded:
        result = "skip" if record["result"] == "SKIP" else "pass"
        cases.append(Case(suite, name, result, record["duration"]))
    elif not succeeded and not any(c.result == "fail" for c in cases):
        cases.append(Case(suite, name, "fail", record["duration"], f"the program ended as {record['result']}"))
    return cases


def introspect(build):
    output = subprocess.run(["meson", "introspect", "--tests", build], capture_output=True, text=True, check=True).stdout
    return json.loads(output)


def run_machine_tests(build, only):
    junit = os.path.join(build, JUNIT)
    if os.path.exists(junit):
        os.unlink(junit)
    command = [sys.executable, "-m", "pytest", "tests", "-c", "tests/pytest.ini", "--rootdir", "tests", "-q"]
    command += ["-n", WORKERS, "--dist", "loadfile", f"--junitxml={junit}"]
    if only:
        command += ["-k", only]
    environment = {**os.environ, "TENURE_BUILD": build, "PYTHONDONTWRITEBYTECODE": "1"}
    status = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL).returncode
    cases = junit_cases(junit) if os.path.exists(junit) else []
    nothing_matched = status == 5 and only
    if status != 0 and not nothing_matched and not any(c.result == "fail" for c in cases):
        cases.append(Case("smoke", "pytest", "fail", 0.0, reason=f"pytest ended with status {status}"))
    return cases


def junit_cases(path):
    cases = []
    for element in ElementTree.parse(path).getroot().iter("testcase"):
        module = element.get("classname", "")
        file = "tests/" + module.removeprefix("tests.").replace(".", "/") + ".py"
        result, reason = "pass", ""
        for child in element:
            if child.tag in ("failure", "error"):
                result = "fail"
            elif child.tag == "skipped" and result == "pass":
                result, reason = "skip", child.get("message") or ""
        suite = module.removeprefix("tests.").split(".")[0] or "smoke"
        cases.append(Case(suite, element.get("name"), result, float(element.get("time", 0)), reason, file))
    return cases


def print_report(cases, problems, seconds):
    print()
    for suite in sorted({c.suite for c in cases}):
        of = [c.result for c in cases if c.suite == suite]
        skipped = f", {of.count('skip')} skipped" if "skip" in of else ""
        print(f"suite {suite:10} {len(of):5} tests: {of.count('pass')} passed, {of.count('fail')} failed{skipped}")
    print(f"\nthe {SLOWEST} slowest (of {seconds:.0f} s in all):")
    for c in sorted(cases, key=lambda c: -c.seconds)[:SLOWEST]:
        print(f"  {c.seconds:7.2f} s  {c.suite}: {c.name}")
    for c in cases:
        if c.result == "skip":
            print(f"SKIPPED {c.suite}: {c.name}: {c.reason or 'no reason given'}")
    for c in cases:
        if c.result == "fail":
            print(f"FAILED {c.suite}: {c.name}{': ' + c.reason if c.reason else ''}")
    for problem in problems:
        print(f"FAILED audit: {problem}")


def main():
    parser = argparse.ArgumentParser(description="runs every test of Tenure")
    parser.add_argument("--build", default="build")
    parser.add_argument("--only", default="", help="only tests whose name contains this")
    options = parser.parse_args()
    os.environ.setdefault("TENURE_SEED", str(random.SystemRandom().randrange(1 << 32)))
    print(f"TENURE_SEED={os.environ['TENURE_SEED']} (give it again to repeat this run's content)", flush=True)
    start = time.monotonic()
    cases = run_host_tests(options.build, options.only)
    cases += run_machine_tests(options.build, options.only)
    # A selection cannot be complete, so only a whole run is audited.
    problems = [] if options.only else test_audit.problems(cases, introspect(options.build))
    print_report(cases, problems, time.monotonic() - start)
    results = [c.result for c in cases]
    failed = results.count("fail") + len(problems)
    skipped = f", {results.count('skip')} skipped" if "skip" in results else ""
    if not cases:
        print(f'no test matches "{options.only}"')
    print(f"{results.count('pass')} passed, {failed} failed{skipped}")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
