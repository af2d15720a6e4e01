# SPDX-License-Identifier: Apache-2.0
"""What the compiler refuses and what it accepts. A refused program must be refused with its own message, by each checker, and
must compile with the checkers off: a missing header refuses too. The right programs must pass, and leave nothing behind.
"""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import own_flags, paths

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDES = [f"-I{paths.ROOT}/include", f"-I{paths.ROOT}/host/lib/include"]
MACHINE = [f"-I{paths.ROOT}/include", f"-I{paths.ROOT}/user/lib", f"-I{paths.ROOT}/freestanding"]
STRICT = ["-std=gnu17", "-Wall", "-Wextra"]
# checker -> the mark in the source that says what it must answer, and how it is asked
CHECKERS = {
    "gcc's proof": ("PROOF", ["gcc", *STRICT, *own_flags.ERRORS, "-O2", "-c", "-o", "/dev/null"]),
    "clang's proof": ("PROOF", ["clang", *STRICT, *own_flags.ERRORS, "-O2", "-c", "-o", "/dev/null"]),
    "clang's analysis": ("ANALYSIS", ["clang", *STRICT, *own_flags.ANALYSIS, "-fsyntax-only"]),
}
# For buffers behind pointers, which only gcc follows.
BOX_CHECKERS = {
    "gcc's warnings": ("WARN", ["gcc", "-std=gnu17", *own_flags.STRICT_GCC, "-O2", "-c", "-o", "/dev/null"]),
    "gcc's analyser": ("ANALYSER", ["gcc", *STRICT, "-O2", "-fanalyzer", "-Werror", "-c", "-o", "/dev/null"]),
}
OFF = ["gcc", *STRICT, "-O2", "-DTN_OWN_OFF", "-Wno-unused-result", "-c", "-o", "/dev/null"]
RIGHT = ("right_straight.c", "right_loops.c", "right_tables.c", "right_batches.c", "right_retries.c")
WRONG = ("wrong_buffers.c", "wrong_fences.c")
CLIENTS = "wrong_client.c"  # against the interfaces of user programs in the machine
CASE = re.compile(r"^#(?:el)?if PROGRAM == (\d+)\s+/\* (.*?) \*/$", re.M)


def compile_with(command, path, *more):
    """(status, the errors, all that was said)"""
    of_the_machine = path == CLIENTS or os.path.isabs(path)
    words = [*command, *(MACHINE if of_the_machine else INCLUDES), *more, os.path.join(HERE, path)]
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return done.returncode, re.findall(r"^.*?: (?:fatal )?error: (.*)$", done.stderr, re.M), done.stderr


def cases(path):
    """number -> (name, mark -> what must be said)"""
    with open(os.path.join(HERE, path), encoding="utf-8") as file:
        text = re.sub(r"\s*\\\n\s*", " ", file.read())
    found = {}
    for number, comment in CASE.findall(text):
        name, *marks = comment.split("; ")
        found[int(number)] = (name, dict(mark.split(": ", 1) for mark in marks))
    return found


def judge(path, number, checker):
    """What is wrong with a checker's answer to a wrong program, or nothing."""
    mark, command = (CHECKERS | BOX_CHECKERS)[checker]
    name, wanted = cases(path)[number]
    status, errors, said = compile_with(command, path, f"-DPROGRAM={number}")
    if wanted[mark] == "accepted":
        return f"{name}: refused, but listed as a blind spot: {errors}" if status != 0 else None
    if status == 0:
        return f"{name}: accepted"
    if not any(re.search(wanted[mark], error) for error in errors):
        return f"{name}: expected {wanted[mark]!r}, got {errors or said}"
    return None


def wrong_programs():
    return [(path, number) for path in WRONG for number in cases(path)]


def test_there_are_enough_programs_of_both_kinds():
    numbers = [number for _, number in wrong_programs()]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 40
    right = [name for path in RIGHT for name in re.findall(r"^(?:int|void) (right_\w+)\(.*;$", read(path), re.M)]
    assert len(set(right)) == len(right) >= 40
    seen = [wanted for path in WRONG for _, wanted in cases(path).values()]
    assert all({"PROOF", "ANALYSIS"} == set(wanted) for wanted in seen)
    # Nobody is blind to what the other is blind to, and few are blind at all.
    assert not [w for w in seen if set(w.values()) == {"accepted"}]
    assert sum("accepted" in w.values() for w in seen) <= 4


def read(path):
    with open(os.path.join(HERE, path), encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("checker", CHECKERS)
def test_g1_every_wrong_program_is_refused_with_its_message(checker):
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda program: judge(*program, checker), wrong_programs()))
    assert [answer for answer in answers if answer] == []


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_g1_the_proof_needs_no_flags_of_the_user(compiler):
    """What it refuses is refused with -O2 alone; of the rest, what the compiler warns of by default."""
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda p: compile_with([compiler, "-O2", "-c", "-o", "/dev/null"], p[0], f"-DPROGRAM={p[1]}"), wrong_programs()))
    for (path, number), (status, _, words) in zip(wrong_programs(), said):
        name, wanted = cases(path)[number]
        if wanted["PROOF"] == "accepted":
            continue
        assert re.search(wanted["PROOF"], words), name
        assert status != 0 or name == "status of the pool's end ignored", name


# A user's own code, with whatever the compiler has to say of it.
THEIRS = """
#include <stdlib.h>
HEADERS
__attribute__((warn_unused_result)) int theirs(void);
struct one { int a; } one; struct two { int b; };
#ifdef __clang__
struct __attribute__((capability("mutex"))) lock { int is_taken; } lock;
void taken(struct lock *l) __attribute__((acquire_capability(*l)));
void forgotten(void);
void forgotten(void) { taken(&lock); }
#endif
char after(char *p);
char after(char *p) { free(p); return *p; }
void ignored(void);
void ignored(void) { theirs(); }
CONLY
"""
C_ONLY = "void kinds(void);\nvoid kinds(void) { struct two *t = &one; (void)t; }"


@pytest.mark.parametrize(
    "flags", ["gcc -O2", "gcc -O2 -Wall -Wextra", "gcc -O0", "clang -O2 -Wthread-safety", "clang -O0 -Wall", "g++ -O2 -Wall", "clang++ -O2 -Wthread-safety"]
)
def test_the_headers_change_no_diagnostic_of_the_users_own_code(flags, tmp_path):
    told = []
    for headers in ("", "#include <tenure/batch.h>\n#include <tenure/box.h>"):
        path = tmp_path / ("theirs.cc" if "++" in flags else "theirs.c")
        path.write_text(THEIRS.replace("HEADERS", headers).replace("CONLY", "" if "++" in flags else C_ONLY))
        done = subprocess.run([*flags.split(), *INCLUDES, "-c", "-o", "/dev/null", str(path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        told.append(re.findall(r"warning: (.*)", done.stderr))
    assert told[0] == told[1] and len(told[0]) >= 1


@pytest.mark.parametrize("checker", BOX_CHECKERS)
def test_g1_every_wrong_program_with_boxes_is_refused_with_its_message(checker):
    numbers = cases("wrong_boxes.c")
    assert len(numbers) == 15
    assert [answer for answer in (judge("wrong_boxes.c", number, checker) for number in numbers) if answer] == []


@pytest.mark.parametrize("checker", CHECKERS)
def test_g1_every_wrong_client_and_service_of_the_machine_is_refused(checker):
    numbers = cases(CLIENTS)
    assert list(numbers) == list(range(1, 17))
    assert [answer for answer in (judge(CLIENTS, number, checker) for number in numbers) if answer] == []


@pytest.mark.parametrize("checker", CHECKERS)
def test_the_client_in_the_readme_is_accepted(checker, tmp_path):
    with open(os.path.join(paths.ROOT, "README.md"), encoding="utf-8") as file:
        program = re.search(r"## The API in 20 lines\n.*?```c\n(.*?)```", file.read(), re.S)[1]
    path = tmp_path / "client.c"
    path.write_text(program)
    status, _, said = compile_with([*CHECKERS[checker][1], "-Werror"], str(path))
    assert status == 0, said
    path.write_text(program.replace("&buffer, &read, &fence);", "&buffer, &read, &fence), tn_dma_buffer_release(&buffer);"))
    assert compile_with(CHECKERS[checker][1], str(path))[0] != 0


# A program of ours -> what is taken out of it, what stands there instead, and what the compiler must say then.
MISTAKES = {
    "drivers/virtio_blk/serve.c": ("tn_service_complete(&s->service, &reply, &answer);\n            continue;", "continue;"),
    "services/blk_read/main.c": ("place->arrived = 1;", "sha256_update(&job.hash, tn_dma_buffer_data(&buffer), 1);"),
    "services/blk_verify/main.c": ("if (!tn_dma_buffer_park(&buffer, &job.spare[job.spares]))\n        __builtin_trap();", ""),
    "services/blk_bench/main.c": ("next_ended(&buffer, deadline);\n            submit(&buffer);", "next_ended(&buffer, deadline);"),
}


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("program", MISTAKES)
def test_g1_our_own_programs_are_built_under_the_checkers(program, checker, tmp_path):
    """As they are they pass; with a mistake in them they do not."""
    path = os.path.join(paths.ROOT, "user", program)
    text, wrong = read(path), str(tmp_path / "wrong.c")
    before, after = MISTAKES[program]
    assert text.count(before) == 1, program
    with open(wrong, "w", encoding="utf-8") as file:
        file.write(text.replace(before, after))
    command = [*CHECKERS[checker][1], "-ffreestanding", f"-I{os.path.dirname(path)}"]
    assert compile_with(command, path)[0] == 0
    status, errors, said = compile_with(command, wrong)
    assert status != 0 and any(re.search("ownership|mutex", error) for error in errors), said


@pytest.mark.parametrize("flags", ["gcc -O2", "gcc -O2 -fanalyzer", "gcc -O0", "clang -O2 -Wthread-safety"])
def test_right_programs_with_boxes_are_accepted(flags):
    status, _, said = compile_with([*flags.split(), *STRICT, "-Werror", "-c", "-o", "/dev/null"], "right_boxes.c")
    assert status == 0, said


def test_g1_twin_with_the_checkers_off_every_wrong_program_compiles():
    """The negative twin: so it is the checkers that refuse, and not a slip of the pen."""
    with ThreadPoolExecutor(2) as pool:
        programs = wrong_programs() + [(path, n) for path in ("wrong_boxes.c", CLIENTS) for n in cases(path)]
        answers = list(pool.map(lambda p: compile_with(OFF, p[0], f"-DPROGRAM={p[1]}"), programs))
    assert [said for status, _, said in answers if status != 0] == []


@pytest.mark.parametrize("flags", ["gcc -O2", "gcc -O3", "gcc -Os", "clang -O2", "clang -O3", "clang -Os"])
@pytest.mark.parametrize("path", RIGHT)
def test_right_programs_are_accepted_and_nothing_is_left_in_their_code(path, flags, tmp_path):
    built = str(tmp_path / "right.o")
    status, _, said = compile_with([*flags.split(), *STRICT, "-Wconversion", "-Werror", "-c", "-o", built], path)
    assert status == 0, said
    symbols = subprocess.run(["nm", built], capture_output=True, text=True, check=True).stdout
    assert "tn_own_" not in symbols and "right_" in symbols


@pytest.mark.parametrize(
    "flags",
    [
        "clang -Wthread-safety -fsyntax-only",
        "gcc -O0",
        "clang -O0",
        "gcc -O2 -fsanitize=address",
        "clang -O2 -fsanitize=address,undefined",
        "gcc -O2 -fsanitize=undefined -DTN_OWN_OFF",
        "gcc -Og -DTN_OWN_OFF",
    ],
)
@pytest.mark.parametrize("path", RIGHT)
def test_right_programs_are_accepted_wherever_the_header_is_used(path, flags):
    status, _, said = compile_with([*flags.split(), *STRICT, "-Werror", "-c", "-o", "/dev/null"], path)
    assert status == 0, said


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("path", RIGHT)
def test_right_programs_are_accepted_as_cpp(path, compiler):
    """Without exceptions: one that flies through a function that holds a token loses it, and the proof says so."""
    words = [compiler, "-xc++", "-std=c++17", "-pedantic", "-fno-exceptions", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wsign-conversion"]
    words += ["-Werror", "-c", "-o", "/dev/null"]
    status, _, said = compile_with(words, path)
    assert status == 0, said


FLIES = """
#include <tenure/tenure.h>
void may_throw();
void flies(tn_dma_pool *pool) HOW;
void flies(tn_dma_pool *pool) HOW
{
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(pool, &b))
        return;
    may_throw();
    tn_dma_buffer_release(&b);
}
"""


@pytest.mark.parametrize(
    "flags, how, accepted",
    [("g++", "", False), ("clang++", "", False), ("g++ -fno-exceptions", "", True), ("clang++ -fno-exceptions", "", True), ("g++", "noexcept", True)],
)
def test_g1_an_exception_that_may_fly_past_a_token_is_refused(flags, how, accepted, tmp_path):
    """When it is compiled: clang left it to the linker, which had nothing to say but a name."""
    path = tmp_path / "flies.cc"
    path.write_text(FLIES.replace("HOW", how))
    words = [*flags.split(), "-std=c++17", "-O2", *INCLUDES, "-c", "-o", "/dev/null", str(path)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode == 0) == accepted, done.stderr
    assert accepted or "may leave its scope" in done.stderr
