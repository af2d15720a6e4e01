# SPDX-License-Identifier: Apache-2.0
"""What a run of all tests must have contained, whatever the results: used by runtests.py."""

import glob
import os
import re
from dataclasses import dataclass

GUARANTEES = "docs/guarantees.md"
COVERED = ("established", "in part")  # states of a guarantee that ask for a test and a twin


@dataclass
class Case:
    suite: str
    name: str
    result: str  # "pass", "fail", "skip"
    seconds: float
    reason: str = ""
    file: str = ""


def guarantees(text):
    """Id -> state, from the table of guarantees: `| G1 | guarantee | state | tests |`."""
    rows = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if re.fullmatch(r"G\d+", cells[0]):
            rows[cells[0]] = cells[2].lower() if len(cells) > 2 else ""
    return rows


def unregistered(cases, meson_tests):
    """Test files that no run can have reached."""
    wrong = []
    registered = {}
    for test in meson_tests:
        name = test["name"].split(":")[-1].split(" / ")[-1]
        registered.setdefault(name, set()).update(suite.split(":")[-1] for suite in test["suite"])
    for folder in ("unit", "lib"):
        with open(f"tests/{folder}/meson.build", encoding="utf-8") as file:
            sources = file.read()
        for path in sorted(glob.glob(f"tests/{folder}/*.c")):
            name = os.path.basename(path).removesuffix(".c")
            if not name.startswith("test_") and f"'{name}.c'" in sources:
                continue  # a part of tests
            for suite in (folder, folder + "-san"):
                if suite not in registered.get(name, ()):
                    wrong.append(f"{path} is not registered in suite {suite}: add it to tests/{folder}/meson.build")
    collected = {c.file for c in cases}
    for path in sorted(glob.glob("tests/**/*.py", recursive=True)):
        if path.startswith("tests/harness/") or path == "tests/conftest.py":
            continue
        if not os.path.basename(path).startswith("test_"):
            wrong.append(f"{path}: a test file is named test_*.py, and what helps tests lives in tests/harness")
        elif path not in collected and not only_long_tests(path):
            wrong.append(f"{path}: no test of this file was collected")
    return wrong


def only_long_tests(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return text.count("\ndef test_") == text.count("@pytest.mark.long\n") > 0


def plain(name):
    """The sentence in a test's name, whichever framework it comes from."""
    return name.removeprefix("test_").lower()


def without_test_or_twin(cases, text):
    """Guarantees that claim more than the tests carry."""
    wrong = []
    names = {plain(c.name) for c in cases if c.result != "skip"}
    for guarantee, state in guarantees(text).items():
        if not state.startswith(COVERED):
            continue
        id_ = guarantee.lower()
        twins = {n for n in names if n.startswith(f"twin_{id_}_") or (n.startswith(f"{id_}_") and n.endswith("_twin"))}
        tests = {n for n in names if n.startswith(f"{id_}_")} - twins
        if not tests:
            wrong.append(f'{GUARANTEES} says {guarantee} is "{state}", and no test is named {id_}_…')
        if not twins:
            wrong.append(f'{GUARANTEES} says {guarantee} is "{state}", and it has no negative twin (twin_{id_}_…)')
    if not guarantees(text):
        wrong.append(f"{GUARANTEES} has no table of guarantees")
    return wrong


def skips_without_reason(cases):
    return [f"{c.suite}: {c.name} is skipped without a reason" for c in cases if c.result == "skip" and not c.reason.strip()]


def problems(cases, meson_tests):
    with open(GUARANTEES, encoding="utf-8") as file:
        text = file.read()
    return unregistered(cases, meson_tests) + skips_without_reason(cases) + without_test_or_twin(cases, text)
