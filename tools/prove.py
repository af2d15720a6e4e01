#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `make prove` does: Frama-C/WP on every contract of core/, held against what must be there. Frama-C ends with
status 0 whatever it proved, so the goals are counted here. docs/proof.md says what the contracts mean.

    tools/prove.py                  every goal; answers of earlier runs come from tests/prove/cache.txt
    tools/prove.py --update         the same, and writes that file anew
    tools/prove.py --from-scratch   the same without it
    tools/prove.py --smoke          looks for contracts that contradict themselves
    tools/prove.py --smoke --planted    the same on copies with such a contract planted: each must be found
    tools/prove.py --lemmas         the lemmas, which the others take as they stand
    tools/prove.py --seeded NAME    one seeded bug (tools/prove_seeds.py) must leave a goal unproved; `list` names them
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import prove_lemmas
import prove_seeds
from prove_functions import DEAD_BRANCH, PROVER, SPLIT, UNITS, WITHOUT_PROOF, functions, plant_contradiction, with_contract

CACHE = "tests/prove/cache.txt"
CACHE_HEAD = "# SPDX-License-Identifier: Apache-2.0\n# Answers of the provers, one a line, written by tools/prove.py --update.\n"
PROVERS = {"cvc4": ("CVC4", "/usr/bin/cvc4", "1.8"), "z3": ("Z3", "/usr/bin/z3", "4.8.12")}
AT_ONCE = 2  # units at a time: most of a run is Frama-C itself, on one processor
TIMEOUT = 60  # seconds for one goal; what is proved takes a tenth of it
# Words of ACSL that take something for granted. None is used; one that comes needs its reason here.
TAKEN_FOR_GRANTED = re.compile(r"\b(admit|axiom|axiomatic)\b")
GRANTED = {}
GOAL = re.compile(r"^\[wp\] \[(?P<by>[^\]]+)\] Goal (?P<name>\S+) : (?P<answer>\w+)|^\[wp\] \[Failed\] Goal (?P<failed>\S+)", re.M)
TOTAL = re.compile(r"^\[wp\] Proved goals:\s*(\d+) / (\d+)", re.M)


def why3_configuration(folder):
    """Why3 wants a file that names the provers; this one does not depend on what else the machine has."""
    path = os.path.join(folder, "why3.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write("[main]\nmagic = 14\nmemlimit = 2000\nrunning_provers_max = 2\ntimelimit = 5\n")
        file.write("datadir = \"/usr/share/why3\"\nlibdir = \"/usr/lib/ocaml/why3\"\n")
        for name, program, version in PROVERS.values():
            file.write(f'\n[partial_prover]\nname = "{name}"\npath = "{program}"\nversion = "{version}"\n')
    return path


def cache_of(folder, unit):
    """Where WP keeps the answers of a session; only there it throws away those that no goal asks for."""
    return os.path.join(folder, unit, "cache")


def unpack_cache(folder, units):
    """One file under version control; Frama-C wants one file an answer, and here each unit has its own folder."""
    for unit in units:
        os.makedirs(cache_of(folder, unit), exist_ok=True)
    if not os.path.exists(CACHE):
        return
    with open(CACHE, encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                unit, name, answer = line.rstrip("\n").split("\t")
                if unit in units:
                    with open(os.path.join(cache_of(folder, unit), name), "w", encoding="utf-8") as out:
                        out.write(answer)


def pack_cache(folder, units):
    """The other units keep their lines."""
    lines = []
    if os.path.exists(CACHE):
        with open(CACHE, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("#") and line.split("\t")[0] not in units]
    for unit in units:
        for name in sorted(os.listdir(cache_of(folder, unit))):
            with open(os.path.join(cache_of(folder, unit), name), encoding="utf-8") as file:
                lines.append(f"{unit}\t{name}\t{' '.join(file.read().split())}\n")
    with open(CACHE, "w", encoding="utf-8") as file:
        file.write(CACHE_HEAD)
        file.writelines(sorted(lines))


def frama_c(unit, root, folder, extra=(), timeout=TIMEOUT, only=None):
    """The output of one run over a unit's functions. `root` holds core/ and include/."""
    files, names = UNITS[unit]
    goals = ["-wp-prover", PROVER.get(unit, "cvc4"), "-wp-cache", "cleanup", "-wp-fct", ",".join(only or names)]
    goals += ["-wp-split"] if unit in SPLIT else []
    return run_wp(unit, root, folder, files, [*goals, *extra], timeout)


def run_wp(unit, root, folder, files, goals, timeout):
    command = ["frama-c", "-c11", "-machdep", "gcc_x86_64"]
    command += [f"-cpp-extra-args=-I{root}/include -D_Alignas\\(x\\)=__attribute__\\(\\(aligned\\(x\\)\\)\\)"]
    command += ["-wp", "-wp-rte", "-warn-unsigned-overflow", "-warn-unsigned-downcast"]
    command += ["-wp-timeout", str(timeout), "-wp-par", "1", "-wp-session", os.path.join(folder, unit)]
    command += [*goals, *(os.path.join(root, "core", name) for name in files)]
    environment = {**os.environ, "WHY3CONFIG": os.path.abspath(os.path.join(folder, "why3.conf"))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    output = done.stdout + done.stderr
    with open(os.path.join(folder, unit + ".log"), "w", encoding="utf-8") as file:
        file.write(output)
    return done.returncode, output


def answers(output):
    """{goal that is not proved: what the provers said of it}"""
    found = [(m["failed"] or m["name"], m["answer"] or "Failed") for m in GOAL.finditer(output)]
    return {name: answer for name, answer in found if answer != "Valid"}


def unproved(output):
    return list(answers(output))


def judge(unit, status, output):
    """(proved, total, problems)"""
    total = TOTAL.search(output)
    if status != 0 or not total:
        errors = [line for line in output.splitlines() if "rror" in line]
        return 0, 0, [f"{unit}: frama-c ended with status {status}: {'; '.join(errors[:3])}"]
    proved, goals = int(total[1]), int(total[2])
    wrong = [f"{unit}: not proved: {name}" for name in unproved(output)]
    if proved != goals and not wrong:
        wrong = [f"{unit}: {proved} of {goals} goals"]
    if goals == 0:
        wrong = [f"{unit}: no goals at all"]
    return proved, goals, wrong


def problems_of_the_source():
    """What no count of goals shows: functions without a contract, and words that take something for granted."""
    wrong = []
    defined = functions()
    proved = {name for _, names in UNITS.values() for name in names}
    for name in sorted(set(defined) - proved - set(WITHOUT_PROOF)):
        wrong.append(f"{defined[name]}: {name} is in no unit of tools/prove_functions.py and has no reason there")
    for name in sorted((proved | set(WITHOUT_PROOF)) - set(defined)):
        wrong.append(f"tools/prove_functions.py: {name} is not a function of core/")
    for name in sorted(proved - with_contract()):
        wrong.append(f"{defined.get(name)}: {name} has no contract")
    for path in sorted(set(defined.values())):
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if TAKEN_FOR_GRANTED.search(line) and path not in GRANTED:
                    wrong.append(f"{path}:{number}: takes something for granted: {line.strip()}")
    return wrong


def prove(options, folder):
    wrong = problems_of_the_source()
    units = [u for u in UNITS if not options.unit or u == options.unit]
    if not options.from_scratch:
        unpack_cache(folder, units)
    for unit in units:
        os.makedirs(cache_of(folder, unit), exist_ok=True)
    all_proved = all_goals = 0

    def one(unit):
        start = time.monotonic()
        return unit, judge(unit, *frama_c(unit, ".", folder, timeout=options.timeout)), time.monotonic() - start

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for unit, (proved, goals, found), seconds in pool.map(one, units):
            wrong += found
            all_proved, all_goals = all_proved + proved, all_goals + goals
            print(f"{unit:10} {proved:4} of {goals:4} goals, {seconds:5.1f} s", flush=True)
    if options.update:
        pack_cache(folder, units)
    for line in wrong:
        print(f"FAILED {line}")
    print(f"{all_proved} of {all_goals} goals proved, {len(WITHOUT_PROOF)} functions of core/ are outside (docs/proof.md)")
    return 1 if wrong else 0


def smoke_tests(unit, root, folder, timeout, only=None):
    """(tests that found nothing, tests that found a contradiction), or None if Frama-C failed. WP asks for the goals of the
    contracts again on the way (`timeout`, seconds for each).
    """
    os.makedirs(cache_of(folder, unit), exist_ok=True)
    status, output = frama_c(unit, root, folder, ["-wp-smoke-tests", "-wp-smoke-timeout", "2", "-wp-prop=-@assert"], timeout, only)
    alive = re.findall(r"^\[wp\] \[Passed\] Smoke-test (\S+)", output, re.M)
    dead = re.findall(r"^\[wp\] \[Failed\] Smoke-test (\S+)", output, re.M)
    return (alive, dead) if status == 0 else None


def contradictions(dead, names):
    """What smoke tests have found, less the branches that are dead on purpose; and those of `names` that were not found."""
    expected = {re.compile(rf"typed_{name}_wp_smoke_dead_code_s\d+"): name for name in names if name in DEAD_BRANCH}
    found = {}
    for test in dead:
        name = next((name for pattern, name in expected.items() if pattern.fullmatch(test)), test)
        found.setdefault(name, {})[test] = None  # once, on however many ways its statement is reached
    wrong = [test for name, tests in found.items() for test in list(tests)[name in DEAD_BRANCH :]]
    return wrong + [f"the dead branch of {name} is not found" for name in expected.values() if name not in found]


def smoke(options, folder):
    """A contract that contradicts itself proves everything. WP then proves a `false` of its own, and says so."""
    wrong = []
    for unit in UNITS:
        if options.unit and unit != options.unit:
            continue
        part, parts = options.part or (1, 1)
        names = UNITS[unit][1][part - 1 :: parts]
        unpack_cache(folder, [unit])  # no answer for a smoke test is kept there: those are asked for each time
        alive, dead = smoke_tests(unit, ".", folder, options.timeout, names) or ([], [])
        found = contradictions(dead, names)
        if found or not alive:
            wrong.append(f"{unit}: {', '.join(found) or 'frama-c failed, or has made no smoke test'}")
        print(f"{unit}: {len(alive) + len(dead)} smoke tests, {len(found)} contradictions", flush=True)
    for line in wrong:
        print(f"FAILED {line}")
    return 1 if wrong else 0


def planted(options, folder):
    """The negative twin of smoke: in a copy of core/, the first function of each unit gets a contract that contradicts
    itself (not by its form: the prover must find it), and a smoke test must say so."""
    wrong = 0
    for unit in UNITS:
        if options.unit and unit != options.unit:
            continue
        function = UNITS[unit][1][0]
        root = os.path.join(folder, "planted", unit)
        shutil.copytree("core", os.path.join(root, "core"))
        shutil.copytree("include", os.path.join(root, "include"))
        plant_contradiction(function, root)
        alive, dead = smoke_tests(unit, root, folder, 2, [function]) or ([], [])
        found = any(function in name for name in dead)
        wrong += not found
        print(f"{'planted' if found else 'FAILED planted'} contradiction in {function} ({unit}): {', '.join(dead) or 'not found'}", flush=True)
    return 1 if wrong else 0


def whole(goal):
    """A goal's name without the number of its part: a bug may change how many there are."""
    return re.sub(r"_part\d+$", "", goal)


def broken_by(seed, output, folder, timeout):
    """Goals that the bug has broken. If there was no more than no answer in time, only those that are proved within a quarter of
    that time without it."""
    broken = answers(output)
    if not all(answer == "Timeout" for answer in broken.values()):
        return list(broken)
    _, clean = frama_c(seed.unit, ".", folder, ["-wp-prop=-@lemma"], max(timeout // 4, 1), [seed.function])
    slow = {whole(goal) for goal in unproved(clean)}
    return [goal for goal in broken if whole(goal) not in slow]


def seeded(options, folder):
    """The copy of core/ with one bug must leave a goal unproved that is proved without it."""
    if options.seeded == "list":
        print(*prove_seeds.SEEDS, sep="\n")
        return 0
    seed = prove_seeds.SEEDS[options.seeded]
    root = os.path.join(folder, "seeded", options.seeded)
    shutil.copytree("core", os.path.join(root, "core"))
    shutil.copytree("include", os.path.join(root, "include"))
    prove_seeds.apply(seed, root)
    unpack_cache(folder, [seed.unit])
    status, output = frama_c(seed.unit, root, folder, ["-wp-prop=-@lemma"], options.timeout, [seed.function])
    total = TOTAL.search(output)
    if status != 0 or not total:
        print(f"FAILED {options.seeded}: frama-c does not accept the source with the bug")
        return 1
    broken = broken_by(seed, output, folder, options.timeout)
    print(f"seeded bug {options.seeded}: {total[1]} of {total[2]} goals proved; broken: {', '.join(broken[:4]) or 'none'}")
    return 0 if broken else 1


def prove_lemmas_of(name, root, folder, timeout, names):
    """(problems, goals) of the lemmas of one file of core/, in the copy under `root`."""
    goals = ["-wp-prover", prove_lemmas.PROVER.get(name, "cvc4"), "-wp-cache", "none", f"-wp-prop={','.join(names)}"]
    status, output = run_wp("lemmas-" + name, root, folder, [name], goals, timeout)
    proved, total, wrong = judge("lemmas of " + name, status, output)
    if total != len(names):
        wrong.append(f"lemmas of {name}: {total} goals for {len(names)} lemmas")
    return wrong, proved


def lemmas(options, folder):
    """Every lemma of core/, from scratch. WP asks for none of them where functions are named, and believes them there."""
    root = os.path.join(folder, "lemmas")
    shutil.copytree("core", os.path.join(root, "core"))
    shutil.copytree("include", os.path.join(root, "include"))
    if options.seeded:
        name, lemma, old, new = prove_lemmas.SEEDS[options.seeded]
        prove_seeds.apply(prove_seeds.Seed("", lemma, name, old, new), root)
    help_of = prove_lemmas.put_help_in(root)
    wrong = []
    for name, of_file in prove_lemmas.files_with_lemmas().items():
        if options.seeded:
            if name == prove_lemmas.SEEDS[options.seeded][0]:
                found, _ = prove_lemmas_of(name, root, folder, options.timeout, [prove_lemmas.SEEDS[options.seeded][1]])
                broken = [line for line in found if "not proved" in line]
                print(f"lemma made false by {options.seeded}: {', '.join(broken or found) or 'not found'}")
                return 0 if broken else 1
            continue
        found, proved = prove_lemmas_of(name, root, folder, options.timeout, [*help_of.get(name, []), *of_file])
        wrong += found
        print(f"{name}: {proved} lemmas proved, {len(help_of.get(name, []))} of them for help", flush=True)
    for line in wrong:
        print(f"FAILED {line}")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description="proves core/")
    parser.add_argument("--build", default="build")
    parser.add_argument("--unit", choices=UNITS, help="only this one")
    parser.add_argument("--timeout", type=int, default=TIMEOUT, help="seconds for one goal")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--from-scratch", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--part", type=int, nargs=2, metavar=("N", "OF"), help="with --smoke: every OF-th function, from the N-th")
    parser.add_argument("--planted", action="store_true", help="with --smoke: in copies with a contradiction")
    parser.add_argument("--lemmas", action="store_true", help="the lemmas; with --seeded, one of them made false")
    parser.add_argument("--seeded", metavar="NAME", help="a name of tools/prove_seeds.py, or list")
    options = parser.parse_args()
    options.smoke |= options.planted
    kind = "lemmas" if options.lemmas else "smoke" if options.smoke else "seed" if options.seeded else "scratch" if options.from_scratch else "proof"
    # Two runs at once do not meet; what failed stays to be looked at.
    folder = os.path.join(options.build, "prove", f"{kind}-{options.seeded or options.unit or 'all'}-{os.getpid()}")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    why3_configuration(folder)
    run = lemmas if options.lemmas else planted if options.planted else smoke if options.smoke else seeded if options.seeded else prove
    status = run(options, folder)
    if status == 0:
        shutil.rmtree(folder)
    return status


if __name__ == "__main__":
    sys.exit(main())
