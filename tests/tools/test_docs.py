# SPDX-License-Identifier: Apache-2.0
"""What the docs draw is what the code does."""

import glob
import os
import re
import shutil
import subprocess

from harness import paths

import abi_reference
import api_reference

DRAWN = os.path.join(paths.ROOT, "docs", "state-machines.md")


def drawing(root, folder):
    """What `make docs` would write for the core/ under `root`."""
    program = os.path.join(folder, "draw")
    sources = [f"{paths.TOOLS}/draw_machines.c", *sorted(glob.glob(f"{root}/core/*.c"))]
    subprocess.run(["gcc", "-std=gnu17", "-w", f"-I{root}", f"-I{paths.ROOT}/include", *sources, "-o", program], check=True)
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout


def drawn():
    with open(DRAWN, encoding="utf-8") as file:
        return file.read()


def test_the_drawings_are_those_of_the_tables(folder):
    assert drawing(paths.ROOT, folder) == drawn(), "make docs writes docs/state-machines.md anew"


def test_a_table_with_one_row_less_is_another_drawing(folder):
    shutil.copytree(os.path.join(paths.ROOT, "core"), os.path.join(folder, "core"))
    path = os.path.join(folder, "core", "machine.h")
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    row = next(i for i, line in enumerate(lines) if "MOVE(TN_BUFFER_CPU, TN_BUFFER_IN_FLIGHT" in line)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines[:row] + lines[row + 1 :])
    assert drawing(folder, folder) != drawn()


def locks_page(header_root, folder):
    """What `make docs` would write for the kernel/lib/lock.h under `header_root`."""
    program = os.path.join(folder, "draw")
    words = ["gcc", "-std=gnu17", "-w", f"-I{header_root}", f"{paths.TOOLS}/draw_locks.c", "-o", program]
    subprocess.run(words, check=True)
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout


def test_the_page_of_locks_is_that_of_the_table(folder):
    with open(os.path.join(paths.ROOT, "docs", "locks.md"), encoding="utf-8") as file:
        assert locks_page(paths.ROOT, folder) == file.read(), "make docs writes docs/locks.md anew"


def test_a_lock_of_another_rank_is_another_page(folder):
    os.makedirs(os.path.join(folder, "kernel", "lib"))
    with open(os.path.join(paths.ROOT, "kernel", "lib", "lock.h"), encoding="utf-8") as file:
        text = file.read()
    with open(os.path.join(folder, "kernel", "lib", "lock.h"), "w", encoding="utf-8") as file:
        file.write(text.replace("X(60, AUDIT_LOG", "X(65, AUDIT_LOG"))
    assert locks_page(folder, folder) != locks_page(paths.ROOT, folder)


def test_the_library_s_reference_is_that_of_its_headers():
    with open(os.path.join(paths.ROOT, "docs", "libtenure-api.md"), encoding="utf-8") as file:
        assert api_reference.whole() == file.read(), "make docs writes docs/libtenure-api.md anew"
    assert api_reference.undocumented() == []


def test_a_function_without_docstring_is_noticed(folder, monkeypatch):
    """The negative twin: the comment is taken away, and the blank line stays."""
    for header in api_reference.HEADERS:
        shutil.copy(os.path.join(paths.ROOT, api_reference.FOLDER, header), folder)
    path = os.path.join(folder, "tenure.h")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    words = "/* Ends the CPU's tenure. A token that names nothing any more is counted as refused. */\n"
    assert words in text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(words, ""))
    monkeypatch.setattr(api_reference, "ROOT", folder)
    monkeypatch.setattr(api_reference, "FOLDER", "")
    assert [line.split("(")[0] for line in api_reference.undocumented()] == ["tenure.h: no docstring: void tn_dma_buffer_release"]


# ---- the ABI, and how to write a driver ----


def test_the_page_of_the_abi_is_that_of_the_headers():
    with open(os.path.join(paths.ROOT, "docs", "abi.md"), encoding="utf-8") as file:
        assert abi_reference.whole() == file.read(), "make docs writes docs/abi.md anew"
    assert abi_reference.undocumented() == []


def test_an_operation_without_words_is_noticed(folder, monkeypatch):
    for path in (abi_reference.FOLDER, os.path.dirname(abi_reference.TABLE)):
        shutil.copytree(os.path.join(paths.ROOT, path), os.path.join(folder, path))
    path = os.path.join(folder, abi_reference.FOLDER, "ring.h")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    words = "    /* handle: Device. arg0 = BAR index."
    assert words in text
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(re.escape(words) + r".*?\*/\n", "", text, flags=re.S))
    monkeypatch.setattr(abi_reference, "ROOT", folder)
    assert abi_reference.undocumented() == ["TN_OP_DEVICE_BAR"]


QUOTE = re.compile(r"<!-- from (\S+) -->\n```\w+\n(.*?)```\n", re.S)


def strange_quotes(page):
    """Quotes of the page that are not in the file they are said to be from."""
    found = []
    for path, text in QUOTE.findall(page):
        with open(os.path.join(paths.ROOT, path), encoding="utf-8") as file:
            if text not in file.read():
                found.append((path, text))
    return found


def test_what_the_pages_quote_is_in_the_tree():
    quotes = 0
    for name in glob.glob(f"{paths.ROOT}/docs/*.md") + [f"{paths.ROOT}/README.md"]:
        with open(name, encoding="utf-8") as file:
            page = file.read()
        assert strange_quotes(page) == []
        quotes += len(QUOTE.findall(page))
    assert quotes >= 7
    assert strange_quotes(page + "<!-- from Makefile -->\n```c\nint x;\n```\n") == [("Makefile", "int x;\n")]
