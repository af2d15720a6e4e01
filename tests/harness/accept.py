# SPDX-License-Identifier: Apache-2.0
"""Kernels in which one decision of core/ says yes to everything: made from the objects of the build, with one file of core/
compiled from a changed copy. None of this is in the tree or in a release."""

import glob
import os
import re
import shlex
import shutil
import subprocess

from harness import paths

# Who decides, and what "yes" means beside TN_OK: the out-parameter that goes with it.
OUT = {
    "tn_cap_lookup": "*out = &table->entry[tn_handle_slot(handle) % table->slots.count];",
    "tn_ring_pending": "*pending = sq_tail - ring->sq_head;",
}
DECISION = re.compile(r"^TN_MUST_CHECK enum tn_status (tn_\w+)\(", re.M)


def decisions():
    """Every function of core/ that answers a status, as its headers declare them."""
    found = {}
    for path in sorted(glob.glob(f"{paths.ROOT}/core/*.h")):
        with open(path, encoding="utf-8") as file:
            found.update(dict.fromkeys(DECISION.findall(file.read())))
    return list(found)


def changed_copy(name, folder):
    """A copy of core/ in which `name` accepts; returns (folder, file)."""
    core = os.path.join(folder, "core")
    shutil.copytree(os.path.join(paths.ROOT, "core"), core)
    start = re.compile(rf"^enum tn_status {name}\([^{{;]*\)\n\{{\n", re.M)
    for path in sorted(glob.glob(f"{core}/*.c")):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        match = start.search(text)
        if match:
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"{text[:match.end()]}    {OUT.get(name, '')}\n    return TN_OK;\n{text[match.end():]}")
            return core, os.path.basename(path)
    raise AssertionError(f"core/ does not define {name}")


def commands(target):
    words = ["ninja", "-C", paths.BUILD, "-t", "commands", target]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


def run(words):
    done = subprocess.run(words, cwd=paths.BUILD, capture_output=True, text=True)
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stderr[-3000:]}"


def compile_again(line, made, source=None, *flags):
    """The command of one object once more, into `made`; returns the object it stands for."""
    words = shlex.split(line)
    before = words[words.index("-o") + 1]
    words[words.index("-o") + 1] = made
    words[words.index("-MF") + 1] = made + ".d"
    words[-1] = source or words[-1]
    run([*words[:-2], *flags, *words[-2:]])
    return before


def kernel(name, folder, silent=False):
    """Links a kernel that accepts whatever `name` is asked; returns its path. `silent`: the kernel's own question at boot
    does not stop it, so that one sees what the programs notice."""
    core, file = changed_copy(name, folder)
    lines = commands("tenure.elf")
    link = next(shlex.split(line) for line in lines if " -o tenure.elf " in line)
    new = os.path.join(folder, "changed.o")
    line = next(line for line in lines if line.endswith(f"core/{file}") and "libtenure-core.a.p" in line)
    made = compile_again(line, new, os.path.join(core, file))
    if silent:
        line = next(line for line in lines if line.endswith("kernel/cap/core_check.c") and " tenure.elf.p/" in line)
        check = compile_again(line, os.path.join(folder, "check.o"), None, "-DTN_TWIN")
        link[link.index(check)] = os.path.join(folder, "check.o")
    archive = os.path.join(folder, "libtenure-core.a")
    objects = sorted(glob.glob(f"{paths.BUILD}/libtenure-core.a.p/*.o"))
    run(["gcc-ar", "csr", archive, new, *[o for o in objects if os.path.basename(o) != os.path.basename(made)]])
    image = os.path.join(folder, "tenure.elf")
    link[link.index("-o") + 1] = image
    run([archive if word == "libtenure-core.a" else word for word in link])
    return image
