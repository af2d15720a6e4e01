# SPDX-License-Identifier: Apache-2.0
"""Kernels and programs with one bug: negative twins for tests that boot a machine. Made from the objects of the build and one file compiled
again with a change; none of it is in the tree or in a release."""

import os
import shlex

from harness import accept, paths


def plant(folder, file, changes, image):
    """`image` of the build, with {old text: new text} changed in `file` of the tree, each once; its path."""
    with open(os.path.join(paths.ROOT, file), encoding="utf-8") as source:
        text = source.read()
    for old, new in changes.items():
        assert text.count(old) == 1, f"{file} has {text.count(old)} times {old!r}"
        text = text.replace(old, new)
    changed = os.path.join(folder, os.path.basename(file))
    with open(changed, "w", encoding="utf-8") as out:
        out.write(text)
    lines = accept.commands(image)
    line = next(l for l in lines if " -c " in l and l.endswith(file) and (f" {image}.p/" in l or ".a.p/" in l))
    made = os.path.join(folder, "planted.o")
    beside = ["-iquote", os.path.dirname(os.path.join(paths.ROOT, file))]  # what it includes
    before = accept.compile_again(line, made, changed, beside)
    link = next(shlex.split(l) for l in lines if f" -o {image} " in l)
    path = os.path.join(folder, "planted")
    link[link.index("-o") + 1] = path
    if before in link:
        link[link.index(before)] = made
    else:  # of a library: who defines a name first is linked
        link.insert(link.index(os.path.dirname(before).removesuffix(".p")), made)
    accept.run(link)
    return path


def kernel(folder, file, changes, image="tenure.elf"):
    return plant(folder, f"kernel/{file}", changes, image)


def program(folder, file, changes, name):
    """For archive.build's `changed`."""
    return {f"bin/{name}": plant(folder, f"user/{file}", changes, f"user/{name}")}
