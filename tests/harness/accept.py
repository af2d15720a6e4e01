# SPDX-License-Identifier: Apache-2.0
"""Kernels in which one decision of core/ says yes to everything: made from the objects of the build, with what the decision
is compiled into compiled again from a changed copy of core/. None of this is in the tree or in a release."""

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
DECISION = re.compile(r"^TN_MUST_CHECK (?:static inline )?enum tn_status\s+(tn_\w+)\(", re.M)


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
    start = re.compile(rf"^(?:TN_MUST_CHECK static inline )?enum tn_status\s+{name}\([^{{;]*\)\n\{{\n", re.M)
    for path in sorted(glob.glob(f"{core}/*.[ch]")):
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


def compile_again(line, made, source=None, flags=()):
    """The command of one object once more, into `made`; returns the object it stands for."""
    words = shlex.split(line)
    words[1:1] = flags
    before = words[words.index("-o") + 1]
    words[words.index("-o") + 1] = made
    words[words.index("-MF") + 1] = made + ".d"
    words[-1] = source or words[-1]
    run(words)
    return before


def includers(header):
    """The objects of the kernel, core/ among them, that are compiled with this header of core/."""
    listing = subprocess.run(["ninja", "-C", paths.BUILD, "-t", "deps"], capture_output=True, text=True, check=True).stdout
    found = []
    for entry in listing.split("\n\n"):
        target, *needs = entry.splitlines() or [""]
        if any(need.strip().endswith(f"/core/{header}") for need in needs):
            found.append(target.split(":")[0])
    return [o for o in found if o.startswith(("tenure.elf.p/", "libtenure-core.a.p/"))]


def kernel(name, folder, silent=False):
    """Links a kernel that accepts whatever `name` is asked; returns its path. `silent`: the kernel's own question at boot
    does not stop it, so that one sees what the programs notice."""
    core, file = changed_copy(name, folder)
    lines = commands("tenure.elf")
    link = next(shlex.split(line) for line in lines if " -o tenure.elf " in line)
    compiled = {words[words.index("-o") + 1]: line for line in lines if " -c " in line for words in [shlex.split(line)]}
    check = next(o for o, line in compiled.items() if line.endswith("kernel/cap/core_check.c") and o.startswith("tenure.elf.p/"))
    again = includers(file) if file.endswith(".h") else [o for o, line in compiled.items() if line.endswith(f"core/{file}")]
    again += [check] if silent else []
    made = {}
    for number, old in enumerate(dict.fromkeys(o for o in again if o in compiled)):
        source = compiled[old].split()[-1]
        inside = os.path.join(core, os.path.basename(source)) if "/core/" in source and "/kernel/" not in source else None
        flags = ["-I" + folder] + (["-DTN_TWIN"] if silent and old == check else [])
        made[old] = os.path.join(folder, f"changed-{number}.o")
        compile_again(compiled[old], made[old], inside, flags)
    archive = os.path.join(folder, "libtenure-core.a")
    objects = sorted(os.path.relpath(o, paths.BUILD) for o in glob.glob(f"{paths.BUILD}/libtenure-core.a.p/*.o"))
    run(["gcc-ar", "csr", archive, *[made.get(o, o) for o in objects]])
    image = os.path.join(folder, "tenure.elf")
    link[link.index("-o") + 1] = image
    run([archive if word == "libtenure-core.a" else made.get(word, word) for word in link])
    return image
