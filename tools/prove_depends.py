# SPDX-License-Identifier: Apache-2.0
"""What decides the outcome of a test of tests/prove: the files that its unit sees, and what is asked about them. Used by
runlong.py, so that a change of one part of core/ leaves the proofs of the others standing. What concerns all of core/ at
once (a function in no unit, a word that takes something for granted) is looked at in each `make test`.
"""

import glob
import hashlib
import inspect
import os
import re

import prove_functions
import prove_lemmas
import prove_seeds

TESTS = "tests/prove/test_prove.py"
ASKED_BY = ("tools/prove.py", TESTS)
INCLUDE = re.compile(r'^#include (?:"([^"]+)"|<([^>]+)>)', re.M)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def seen(paths):
    """These files, and those of the tree that they include, at any depth. What is not of the tree is the compiler's."""
    found, left = set(), list(paths)
    while left:
        path = left.pop()
        if path in found or not os.path.isfile(path):
            continue
        found.add(path)
        for beside, named in INCLUDE.findall(read(path)):
            left += [os.path.join(os.path.dirname(path), beside)] if beside else [named, os.path.join("include", named)]
    return sorted(found)


def asked_of(unit):
    """What tools/prove_functions.py says of one unit, and how it reads the source."""
    files, names = prove_functions.UNITS[unit]
    told = (files, names, prove_functions.PROVER.get(unit), unit in prove_functions.SPLIT, prove_functions.SMOKE_PARTS.get(unit))
    dead = sorted(prove_functions.DEAD_BRANCH & set(names))
    code = [inspect.getsource(f) for f in (prove_functions.functions, prove_functions.plant_contradiction, prove_functions.with_contract)]
    return repr((told, dead, code))


def answers(unit):
    """What earlier runs said of it."""
    return [line for line in read("tests/prove/cache.txt").splitlines() if line.startswith(unit + "\t")]


def inputs(test):
    """What is looked at, as text: of a test whose parameter is a unit, a part of one, or a seed; of any other everything."""
    found = re.search(r"::(\w+)\[(.+)\]$", test)
    function, parameter = found.groups() if found else (test.split("::")[-1], "")
    seed = prove_seeds.SEEDS.get(parameter) if "seed" in function else None
    unit = seed.unit if seed else parameter if parameter in prove_functions.UNITS else parameter.rpartition("-")[0]
    if unit not in prove_functions.UNITS:
        lemmas = [inspect.getsource(prove_lemmas), inspect.getsource(prove_seeds)]
        return [*lemmas, inspect.getsource(prove_functions)], seen(glob.glob("core/*.[ch]"))
    words = [asked_of(unit), repr(seed), *(answers(unit) if "from_scratch" not in function else ())]
    return words, seen(os.path.join("core", name) for name in prove_functions.UNITS[unit][0])


def digest(test):
    words, files = inputs(test)
    value = hashlib.sha256()
    for path in [*files, *ASKED_BY]:
        value.update(path.encode() + b"\0" + read(path).encode() + b"\0")
    for text in words:
        value.update(text.encode() + b"\0")
    return value.hexdigest()
