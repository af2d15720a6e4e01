# SPDX-License-Identifier: Apache-2.0
"""libtenure as a user gets it: installed into a folder of its own, found by pkg-config, used by the examples."""

import os
import re
import subprocess

import pytest

from harness import own_flags, paths

EXAMPLES = os.path.join(paths.ROOT, "host", "examples")
# What a run of each example must say.
SAID = {
    "first": r"hello, device: 64 bytes",
    "ping_pong": r"ping-pong: 1000 rounds, sum \d+, right",
    "request_table": r"requests: 10000 done, [1-9]\d* lies, [1-9]\d* answers to nothing, 32 of 32 buffers free",
    "software_device": r"software device: 2000 of 2000 round trips right, guarded",
}


def run(words, **more):
    return subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The root of an installed tree, with the environment that finds it."""
    root = str(tmp_path_factory.mktemp("root"))
    done = run(["meson", "install", "-C", paths.BUILD, "--destdir", root, "--no-rebuild", "--quiet"])
    assert done.returncode == 0, done.stdout + done.stderr
    (pc,) = [os.path.join(folder, "tenure.pc") for folder, _, names in os.walk(root) if "tenure.pc" in names]
    library = os.path.dirname(os.path.dirname(pc))
    return {
        **os.environ,
        "PKG_CONFIG_SYSROOT_DIR": root,
        "PKG_CONFIG_LIBDIR": os.path.dirname(pc),
        "LD_LIBRARY_PATH": library,
        "LC_ALL": "C",
        "LIBRARY": os.path.join(library, "libtenure.so"),
        "HEADERS": os.path.join(root, "usr/local/include"),
    }


@pytest.fixture(scope="module", params=["gcc", "clang"])
def examples(request, installed, tmp_path_factory):
    """A copy of the examples' folder, built by its own Makefile."""
    folder = str(tmp_path_factory.mktemp("examples"))
    run(["cp", "-r", EXAMPLES + "/.", folder], check=True)
    done = run(["make", "-C", folder, f"CC={request.param}"], env=installed)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, request.param


@pytest.mark.parametrize("name", SAID)
def test_an_example_runs_against_the_installed_library(examples, installed, name):
    done = run([os.path.join(examples[0], name)], env=installed, timeout=120)
    assert done.returncode == 0 and re.search(SAID[name], done.stdout), done.stdout + done.stderr


def test_g1_the_wrong_example_is_refused(examples, installed):
    done = run(["make", "-C", examples[0], "wrong", f"CC={examples[1]}"], env=installed)
    assert done.returncode != 0 and "tn_own_not_owner" in done.stderr and "ownership: used while it is not owned here" in done.stderr


def installed_headers(installed):
    found = [os.path.join(folder, name) for folder, _, names in os.walk(installed["HEADERS"]) for name in names]
    return [os.path.relpath(header, installed["HEADERS"]) for header in found]


# What users have as errors beside -Wall -Wextra. Not -isystem, nor a folder that the compiler takes for the system's: that hides all warnings.
USERS_ERRORS = "-Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align -Wundef -Wpointer-arith -Wredundant-decls"
C_ERRORS = "-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition"
CPP_ERRORS = "-Wold-style-cast -Wzero-as-null-pointer-constant -Wextra-semi"


@pytest.mark.parametrize("compiler", ["gcc -std=c11", "gcc -std=gnu17", "clang -std=c17", "g++ -std=c++11", "g++ -std=c++20", "clang++ -std=c++17"])
def test_the_public_headers_are_clean_under_the_users_own_errors(installed, compiler, tmp_path):
    """Those of core/ come with dma_pool.h."""
    more = CPP_ERRORS if "++" in compiler else C_ERRORS
    for name in installed_headers(installed):
        if name.startswith("tenure/core/") or name == "tenure/abi/handle.h":
            continue
        source = tmp_path / ("clean." + ("cc" if "++" in compiler else "c"))
        body = " TN_DMA_BUFFER(b); TN_FENCE(f); (void)b; (void)f; " if name in ("tenure/tenure.h", "tenure/batch.h") else ""
        body += "TN_DMA_BATCH(c, 4); TN_FENCE_BATCH(g); (void)c; (void)g; " if name == "tenure/batch.h" else ""
        source.write_text(f"#include <{name}>\nint main(void)\n{{{body}return 0; }}\n")
        words = [*compiler.split(), "-O2", "-Wall", "-Wextra", *USERS_ERRORS.split(), *more.split(), "-Werror", "-I" + installed["HEADERS"]]
        done = run([*words, "-c", str(source), "-o", "/dev/null"])
        assert done.returncode == 0, name + done.stderr


@pytest.mark.parametrize("compiler", ["gcc -std=c11", "gcc -std=gnu17", "clang -std=c11", "g++ -std=c++11", "clang++ -std=c++17"])
def test_every_installed_header_stands_alone(installed, compiler, tmp_path):
    names = installed_headers(installed)
    assert len(names) == 13
    for name in names:
        source = tmp_path / ("alone." + ("cc" if "++" in compiler else "c"))
        source.write_text(f"#include <{name}>\n#include <{name}>\nint alone(void);\nint alone(void) {{ return 0; }}\n")
        words = [*compiler.split(), "-O2", "-Wall", "-Wextra", "-Werror", "-isystem", installed["HEADERS"], "-c", str(source)]
        done = run([*words, "-o", "/dev/null"])
        assert done.returncode == 0, name + done.stderr


def test_the_library_shows_what_its_map_says_and_needs_libc_alone(installed):
    symbols = run(["nm", "-D", "--defined-only", installed["LIBRARY"]]).stdout
    shown = set(re.findall(r" T (\w+)@@TENURE_0$", symbols, re.M))
    with open(os.path.join(paths.ROOT, "host", "lib", "tenure.map"), encoding="utf-8") as file:
        listed = set(re.findall(r"^    (tn_\w+);$", file.read(), re.M))
    assert listed <= shown and all(name in listed or name.startswith(("tn_dma_", "tn_box_")) for name in shown)
    dynamic = run(["readelf", "-d", installed["LIBRARY"]]).stdout
    assert re.findall(r"NEEDED.*\[(.*?)\]", dynamic) == ["libc.so.6"]
    assert "libtenure.so.0]" in dynamic
    assert re.search(r"FLAGS_1.*NODELETE", dynamic)  # its handler of SIGSEGV must outlive a dlclose


def test_pkg_config_knows_the_version_and_the_analysis(installed):
    version = run(["pkg-config", "--modversion", "tenure"], env=installed).stdout.strip()
    with open(os.path.join(paths.ROOT, "host/lib/include/tenure/dma_pool.h"), encoding="utf-8") as file:
        major, minor = re.findall(r"#define TN_VERSION_M\w+ (\d+)", file.read())
    assert version == f"{major}.{minor}.0"
    for variable, flags in {"analysis_cflags": own_flags.ANALYSIS, "strict_cflags": own_flags.STRICT_GCC}.items():
        assert run(["pkg-config", f"--variable={variable}", "tenure"], env=installed).stdout.split() == flags


def body_of(example):
    with open(os.path.join(EXAMPLES, example), encoding="utf-8") as file:
        return file.read()


def test_the_readme_shows_the_examples_and_the_compilers_own_words(installed):
    with open(os.path.join(paths.ROOT, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    assert body_of("first.c").split("*/\n", 2)[2].strip("\n") in readme
    wrong = body_of("wrong.c")
    assert wrong[wrong.index("    if (!tn_dma_buffer_alloc") : wrong.rindex("}")].rstrip("\n") in readme
    quoted = re.sub(r"\n {4}", " ", readme)
    includes = ["-isystem", installed["HEADERS"]]
    said = run(["gcc", "-std=gnu17", "-O2", *includes, "-c", "host/examples/wrong.c", "-o", "/dev/null"], cwd=paths.ROOT).stderr
    (words,) = set(re.findall(r"call to .tn_own_not_owner. declared with attribute error: (.*)", said))
    assert words in quoted and "host/examples/wrong.c:17:14" in said
    words = ["clang", "-std=gnu17", *own_flags.ANALYSIS, *includes, "-fsyntax-only", "host/examples/wrong.c"]
    (line,) = re.findall(r"^(host/examples/wrong.c:17:14: error: .*) \[", run(words, cwd=paths.ROOT).stderr, re.M)
    assert line in quoted
