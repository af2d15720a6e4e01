# SPDX-License-Identifier: Apache-2.0
"""The tree keeps its own rules: licence lines, file sizes, which folder may include what."""

import os
import re
import subprocess

import pytest

from harness import paths

LINES_MAX = 500
WITHOUT_SPDX = {"LICENSE"}

# folder -> what its files may include, as regular expressions on what stands between the quotes or brackets.
FREESTANDING = r"std(arg|atomic|bool|def|int|noreturn)\.h|assert\.h"
MAY_INCLUDE = {
    "include": [FREESTANDING, r"tenure/.*"],
    "core": [FREESTANDING, r"tenure/abi/.*", r"[a-z_]+\.h"],
    "user/drivers": [FREESTANDING, r"tenure/.*", r"[a-z0-9_/]+\.h"],
}
NEVER = {
    "core": r"kernel/|user/|host/",
    "kernel": r"user/|host/|tests/",
    "user": r"kernel/|core/|host/|tests/",
    "user/drivers": r"rt/",
    "include": r"core/|kernel/|user/",
}


def files():
    output = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [name for name in output.splitlines() if os.path.isfile(os.path.join(paths.ROOT, name))]


def read(name):
    with open(os.path.join(paths.ROOT, name), encoding="utf-8") as file:
        return file.read()


def test_every_file_begins_with_its_licence():
    wrong = []
    for name in files():
        first = "\n".join(read(name).splitlines()[:2])
        if name not in WITHOUT_SPDX and "SPDX-License-Identifier: Apache-2.0" not in first:
            wrong.append(name)
    assert wrong == []


def test_no_file_of_source_is_longer_than_one_subject_needs():
    long = {}
    for name in files():
        if name.endswith((".c", ".h", ".S", ".py", ".sh")):
            lines = read(name).count("\n")
            if lines > LINES_MAX:
                long[name] = lines
    assert long == {}


@pytest.mark.parametrize("folder", NEVER)
def test_dependencies_point_one_way(folder):
    wrong = []
    for name in files():
        if not name.startswith(folder + "/") or not name.endswith((".c", ".h", ".S")):
            continue
        for included in re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', read(name), re.M):
            allowed = MAY_INCLUDE.get(folder)
            if re.match(NEVER[folder], included) or (allowed and not any(re.fullmatch(a, included) for a in allowed)):
                wrong.append(f"{name}: {included}")
    assert wrong == []


def test_every_folder_of_the_design_says_what_may_enter():
    folders = {name.split("/")[0] for name in files() if "/" in name} - {"docs", ".ci"}
    assert sorted(f for f in folders if not os.path.exists(os.path.join(paths.ROOT, f, "README.md"))) == []


def test_links_between_documents_lead_somewhere():
    broken = []
    for name in files():
        if name.endswith(".md"):
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(name)):
                if not os.path.exists(os.path.join(paths.ROOT, os.path.dirname(name), target)):
                    broken.append(f"{name}: {target}")
    assert broken == []


def test_every_test_that_the_guarantees_name_exists():
    """docs/guarantees.md names tests in backquotes with their prefix; a prefix that no test has is a lie."""
    sources = "".join(read(name) for name in files() if name.startswith("tests/") and name.endswith((".c", ".py", ".build")))
    text = read("docs/guarantees.md")
    named = re.findall(r"`((?:twin_)?g\d+_[a-z0-9_]*)…?`", text)
    assert [n for n in named if n not in sources] == []


def test_every_c_file_is_formatted():
    """`make format` does it."""
    names = [name for name in files() if name.endswith((".c", ".h"))]
    done = subprocess.run(
        ["clang-format", "--dry-run", "-Werror", *names], cwd=paths.ROOT, capture_output=True, text=True
    )
    assert sorted(set(re.findall(r"^(\S+?):\d+:", done.stderr, re.M))) == []
