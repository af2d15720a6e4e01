# SPDX-License-Identifier: Apache-2.0
"""The manifest compiler: what it makes is what the C headers say, and what is wrong is refused with file, line, key and
value."""

import glob
import os
import subprocess

import pytest

from harness import paths

import manifest_layout as layout
import manifestc
import toml_lines

GOOD = """\
[system]
description = "test"

[[process]]
name = "driver"
image = "virtio_blk"
serves = "blk0"
[process.budget]
pool_bytes = "1 MiB"
mmio_bytes = 65536
memory_pages = 64
cap_slots = 32
sq_entries = 64
cq_entries = 128
[[process.device]]
class = "virtio-blk"
policy = "trusted"

[[process]]
name = "reader"
image = "blk_read"
args = "depth=32"
job = true
uses = [{ service = "blk0", rights = "read-write" }]
[process.budget]
memory_pages = 64
in_flight = 32
channels = 1
cap_slots = 32
sq_entries = 64
cq_entries = 128
"""


def compile_text(folder, text, name="test.toml"):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return manifestc.compile_manifest(path)


def c_layout():
    """What the C compiler makes of the headers."""
    program = os.path.join(paths.BUILD, "tests", "tools", "abi-layout")
    output = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return {name: int(value) for name, value in map(str.split, output.splitlines())}


def test_sizes_and_constants_are_those_of_the_c_headers():
    c = c_layout()
    ours = {
        "TN_MANIFEST_MAGIC": layout.MAGIC,
        "TN_MANIFEST_VERSION": layout.VERSION,
        "TN_MANIFEST_PROCESSES_MAX": layout.PROCESSES_MAX,
        "TN_MANIFEST_DEVICES_MAX": layout.DEVICES_MAX,
        "TN_MANIFEST_USES_MAX": layout.USES_MAX,
        "TN_NAME_MAX": layout.NAME_MAX,
        "TN_ARGS_MAX": layout.ARGS_MAX,
        "TN_MATCH_CLASS": layout.MATCH_CLASS,
        "TN_MATCH_ID": layout.MATCH_ID,
        "TN_POLICY_BLOCKED": layout.POLICIES["blocked"],
        "TN_POLICY_TRUSTED": layout.POLICIES["trusted"],
        "TN_POLICY_POOL": layout.POLICIES["remapped-pool"],
        "TN_POLICY_STRICT": layout.POLICIES["remapped-strict"],
        "TN_RIGHT_READ": layout.RIGHTS["read"],
        "TN_PROCESS_JOB": layout.PROCESS_JOB,
        "TN_PROCESS_GUARD_OFF": layout.PROCESS_GUARD_OFF,
        "TN_PROCESS_AUDITOR": layout.PROCESS_AUDITOR,
        "TN_PROCESS_CONSOLE": layout.PROCESS_CONSOLE,
        "TN_PROCESS_SUPERVISOR": layout.PROCESS_SUPERVISOR,
        "TN_DEVICE_LATER": layout.DEVICE_LATER,
        "TN_DEVICE_WORD": layout.DEVICE_WORD,
        "TN_DEVICE_DROPS_CACHE": layout.DEVICE_DROPS_CACHE,
        "TN_RING_ENTRIES_MIN": layout.RING_ENTRIES_MIN,
        "TN_RING_ENTRIES_MAX": layout.RING_ENTRIES_MAX,
        "sizeof.tn_manifest": layout.HEADER.size,
        "sizeof.tn_manifest_process": layout.PROCESS_SIZE,
        "sizeof.tn_budget": layout.BUDGET.size,
        "sizeof.tn_restart": layout.RESTART.size,
        "sizeof.tn_manifest_device": layout.DEVICE.size,
        "sizeof.tn_manifest_use": layout.USE.size,
    }
    assert ours == {name: c[name] for name in ours}
    assert layout.RIGHTS["read-write"] == c["TN_RIGHT_READ"] | c["TN_RIGHT_WRITE"]


def field(binary, at, size):
    return binary[at : at + size]


def number(binary, at, size=4):
    return int.from_bytes(field(binary, at, size), "little")


def text(binary, at, size=layout.NAME_MAX):
    return field(binary, at, size).split(b"\0")[0].decode()


def test_every_field_is_where_the_c_headers_have_it(folder):
    c, binary = c_layout(), compile_text(folder, GOOD)
    assert number(binary, c["tn_manifest.magic"]) == c["TN_MANIFEST_MAGIC"]
    assert number(binary, c["tn_manifest.version"]) == c["TN_MANIFEST_VERSION"]
    assert number(binary, c["tn_manifest.bytes"]) == len(binary)
    assert number(binary, c["tn_manifest.process_count"]) == 2
    assert text(binary, c["tn_manifest.name"]) == "test"

    driver = c["sizeof.tn_manifest"]
    reader = driver + c["sizeof.tn_manifest_process"]
    in_process = {k.split(".")[1]: v for k, v in c.items() if k.startswith("tn_manifest_process.")}
    assert text(binary, driver + in_process["name"]) == "driver"
    assert text(binary, driver + in_process["image"]) == "virtio_blk"
    assert text(binary, driver + in_process["serves"]) == "blk0"
    assert number(binary, driver + in_process["flags"]) == 0
    assert number(binary, driver + in_process["device_count"]) == 1
    assert text(binary, reader + in_process["args"], layout.ARGS_MAX) == "depth=32"
    assert number(binary, reader + in_process["flags"]) == c["TN_PROCESS_JOB"]
    assert number(binary, reader + in_process["use_count"]) == 1

    device = driver + in_process["device"]
    assert number(binary, device + c["tn_manifest_device.match"]) == c["TN_MATCH_ID"]
    assert number(binary, device + c["tn_manifest_device.value"]) == 0x1AF41042
    assert number(binary, device + c["tn_manifest_device.policy"]) == c["TN_POLICY_TRUSTED"]
    assert number(binary, device + c["tn_manifest_device.flags"]) == 0
    flagged = compile_text(folder, GOOD.replace('policy = "trusted"', 'policy = "trusted"\nlater = true\ndevice_word = true\ndrops_cache = true'))
    assert number(flagged, device + c["tn_manifest_device.flags"]) == sum(layout.DEVICE_FLAGS.values()) == 7
    deadline = compile_text(folder, GOOD.replace('rights = "read-write"', 'rights = "read-write", deadline_ms = 70'))
    assert number(deadline, reader + in_process["use"] + c["tn_manifest_use.deadline_ms"]) == 70

    use = reader + in_process["use"]
    assert text(binary, use + c["tn_manifest_use.service"]) == "blk0"
    assert number(binary, use + c["tn_manifest_use.rights"]) == c["TN_RIGHT_READ"] | c["TN_RIGHT_WRITE"]
    assert number(binary, use + c["tn_manifest_use.deadline_ms"]) == 5000

    budget = driver + in_process["budget"]
    wide = {"pool_bytes": 1 << 20, "mmio_bytes": 65536}
    for key, value in wide.items():
        assert number(binary, budget + c[f"tn_budget.{key}"], 8) == value, key
    narrow = {"memory_pages": 64, "in_flight": 0, "cap_slots": 32, "sq_entries": 64, "cq_entries": 128}
    for key, value in narrow.items():
        assert number(binary, budget + c[f"tn_budget.{key}"]) == value, key
    assert number(binary, reader + in_process["budget"] + c["tn_budget.in_flight"]) == 32


RESTARTED = GOOD.replace("[[process.device]]", "[process.restart]\nlimit = 3\nheartbeat_ms = 70\n[[process.device]]") + """
[[process]]
name = "supervisor"
image = "supervisor"
supervisor = true
[process.budget]
memory_pages = 64
cap_slots = 32
sq_entries = 64
cq_entries = 128
"""


def test_how_a_process_is_started_again(folder):
    c, binary = c_layout(), compile_text(folder, RESTARTED)
    size, first = c["sizeof.tn_manifest_process"], c["sizeof.tn_manifest"]
    for n, values in enumerate([(3, 60000, 10, 70), (0, 0, 0, 0), (0, 0, 0, 0)]):
        restart = first + n * size + c["tn_manifest_process.restart"]
        for key, value in zip(layout.RESTART_KEYS, values):
            assert number(binary, restart + c[f"tn_restart.{key}"]) == value, key
    flags = first + 2 * size + c["tn_manifest_process.flags"]
    assert number(binary, flags) == c["TN_PROCESS_SUPERVISOR"]


@pytest.mark.parametrize(
    "before, after, words",
    [
        ("limit = 3\n", "", ["restart", "limit is missing"]),
        ("limit = 3", "limit = 0", ["restart.limit", "at least 1"]),
        ("limit = 3", "limit = 65", ["restart.limit", "65", "64"]),
        ("heartbeat_ms = 70", "backoff_ms = 0", ["restart.backoff_ms", "at least 1"]),
        ("heartbeat_ms = 70", "window = 7", ["restart.window", "unknown key"]),
        ("supervisor = true", "supervisor = false", ["process[0].restart", "no process has supervisor = true"]),
        ("supervisor = true", "supervisor = 1", ["process[2].supervisor", "true or false"]),
        ("job = true", "job = true\nsupervisor = true", ["supervisor", "one process supervises"]),
        ("supervisor = true\n[process.budget]", "supervisor = true\n[process.restart]\nlimit = 1\n[process.budget]",
         ["process[2].restart", "nobody starts the supervisor again"]),
        ("job = true\nuses", "job = true\nrestart = { limit = 1 }\nuses", ["process[1].restart", "a job ends once"]),
    ],
)
def test_what_is_wrong_about_starting_again_is_refused(folder, before, after, words):
    assert RESTARTED.count(before) == 1, "the test must change one thing"
    with pytest.raises(SystemExit) as refusal:
        compile_text(folder, RESTARTED.replace(before, after))
    for word in words:
        assert word in str(refusal.value)


MORE = """
[[process]]
name = "more{n}"
image = "blk_read"
restart = {{ limit = 1 }}
[process.budget]
memory_pages = 64
cap_slots = 32
sq_entries = 64
cq_entries = 128
"""


def supervising(count):
    """A supervisor of so many, whose ring has eight places."""
    assert RESTARTED.endswith("cq_entries = 128\n")
    return RESTARTED.removesuffix("128\n") + "8\n" + "".join(MORE.format(n=n) for n in range(count - 1))


def test_g6_a_supervisor_has_places_for_the_ends_of_all_it_starts_again(folder):
    compile_text(folder, supervising(6))
    with pytest.raises(SystemExit) as refusal:
        compile_text(folder, supervising(7))
    for word in ("process[2].budget.cq_entries = 8", "supervisor waits for 7 processes", "at least 9"):
        assert word in str(refusal.value)


# (what, text to replace, by what, words of the message, line)
WRONG = [
    ("unknown key", 'args = "depth=32"', "argz = 1", ["argz", "unknown key", "args"], 22),
    ("unknown table", "[system]", "[sistem]", ["sistem", "unknown key"], 1),
    ("unknown budget", "in_flight = 32", "inflight = 32", ["process[1].budget.inflight", "unknown key"], 27),
    ("name too long", 'name = "reader"', f'name = "{"r" * 32}"', ["process[1].name", "1 to 31"], 20),
    ("name of capitals", 'name = "reader"', 'name = "Reader"', ["process[1].name", '"Reader"'], 20),
    ("empty name", 'name = "reader"', 'name = ""', ["process[1].name"], 20),
    ("name not a text", 'name = "reader"', "name = 7", ["process[1].name", "= 7"], 20),
    ("same name", 'name = "reader"', 'name = "driver"', ["process[1].name", "unique", "process[0].name"], 20),
    ("no name", 'name = "reader"\n', "", ["process[1]", "name is missing"], 19),
    ("args too long", "depth=32", "x" * 256, ["process[1].args", "at most 255", "256"], 22),
    ("args with blanks", "depth=32", "depth=32 x", ["process[1].args", "without blanks"], 22),
    ("audit of another type", "job = true", 'job = true\naudit = "yes"', ["process[1].audit", "true or false"], 24),
    ("console of another word", "job = true", 'job = true\nconsole = "read"', ["process[1].console", "write", "shell"], 24),
    ("guard of another word", "job = true", 'job = true\nguard = "maybe"', ["process[1].guard", "on", "off"], 24),
    ("job not a boolean", "job = true", "job = 1", ["process[1].job", "true or false"], 23),
    ("no job", "job = true", "job = false", ["no process has job = true"], 4),
    ("unknown service", 'service = "blk0"', 'service = "blk9"', ["uses[0].service", '"blk9"', "blk0"], 24),
    ("unknown rights", '"read-write"', '"rw"', ["uses[0].rights", '"rw"', '"read-write"'], 24),
    ("extra use key", "rights =", "extra = 1, rights =", ["uses[0].extra", "unknown key"], 24),
    ("use without rights", ', rights = "read-write"', "", ["uses[0]", "rights is missing"], 24),
    ("uses not a list", "uses = [{", "uses = 3 # [{", ["process[1].uses", "a list"], 24),
    ("too few channels", "channels = 1", "channels = 0", ["channels", "at least 1"], 28),
    ("entries no power of two", "sq_entries = 64\ncq_entries = 128\n[[", "sq_entries = 65\ncq_entries = 128\n[[",
     ["process[0].budget.sq_entries", "65", "power of two"], 13),
    ("entries too many", "cq_entries = 128\n[[", "cq_entries = 2048\n[[", ["cq_entries", "2048", "1024"], 14),
    ("entries too few", "cq_entries = 128\n[[", "cq_entries = 4\n[[", ["cq_entries", "= 4", "from 8"], 14),
    ("bad size", '"1 MiB"', '"1 MB"', ["pool_bytes", '"1 MB"', "KiB"], 9),
    ("negative size", "65536", "-1", ["mmio_bytes", "-1"], 10),
    ("number of 5000 digits", "65536", "9" * 5000, ["mmio_bytes", "from 0 to"], 10),
    ("size of 5000 digits", '"1 MiB"', f'"{"9" * 5000} MiB"', ["pool_bytes", "from 0 to"], 9),
    ("nested too deeply", '"test"', "[" * 5000, ["nested"], 1),
    ("size where a number belongs", "memory_pages = 64\ncap", 'memory_pages = "1 MiB"\ncap', ["memory_pages"], 11),
    ("fraction", "65536", "1.5", ["mmio_bytes", "1.5"], 10),
    ("boolean number", "65536", "true", ["mmio_bytes", "true"], 10),
    ("no memory", "memory_pages = 64\nin", "memory_pages = 0\nin", ["memory_pages", "at least 1"], 26),
    ("missing budget key", "cap_slots = 32\nsq_entries = 64\ncq_entries = 128\n[[", "sq_entries = 64\ncq_entries = 128\n[[",
     ["process[0].budget", "cap_slots is missing"], 8),
    ("too much in flight", "in_flight = 32", "in_flight = 1025", ["in_flight", "1025", "1024"], 27),
    ("unknown policy", '"trusted"', '"open"', ["device[0].policy", '"open"', '"blocked"'], 17),
    ("unknown class", '"virtio-blk"', '"floppy"', ["device[0].class", '"floppy"', '"virtio-blk"'], 16),
    ("short class code", '"virtio-blk"', '"0x0100"', ["device[0].class", "six hex digits"], 16),
    ("bad id", 'class = "virtio-blk"', 'id = "1af4-1042"', ["device[0].id", "vvvv:dddd"], 16),
    ("class and id", 'class = "virtio-blk"', 'class = "virtio-blk"\nid = "1af4:1042"', ["device[0]", "exactly one"], 15),
    ("neither class nor id", 'class = "virtio-blk"\n', "", ["device[0]", "exactly one"], 15),
    ("later is no truth", 'policy = "trusted"', "later = 1", ["device[0].later", "true or false"], 17),
    ("word is no truth", 'policy = "trusted"', 'device_word = "yes"', ["device[0].device_word", "true or false"], 17),
    ("deadline too long", 'rights = "read-write"', 'rights = "read-write", deadline_ms = 600001',
     ["uses[0].deadline_ms", "600001", "600000"], 24),
    ("index too large", 'policy = "trusted"', "index = 256", ["device[0].index", "256"], 17),
    ("duplicate key", "job = true", "job = true\njob = true", ["not valid TOML"], 24),
    ("not TOML", "job = true", "job = = true", ["not valid TOML"], 23),
]


@pytest.mark.parametrize("before, after, words, line", [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_refused_with_file_line_key_and_value(folder, before, after, words, line):
    assert GOOD.count(before) == 1, "the test must change one thing"
    with pytest.raises(SystemExit) as refusal:
        compile_text(folder, GOOD.replace(before, after))
    message = str(refusal.value)
    assert message.startswith(f"{folder}/test.toml:{line}: "), message
    for word in words:
        assert word in message


def test_twin_the_manifest_that_the_wrong_ones_are_made_of_is_accepted(folder):
    assert compile_text(folder, GOOD)


def added(process):
    return GOOD + process.replace("BUDGET", "[process.budget]\nmemory_pages=1\ncap_slots=8\nsq_entries=8\ncq_entries=8\n")


@pytest.mark.parametrize(
    "process, words",
    [
        ('[[process]]\nname="b"\nimage="b"\nserves="blk0"\nBUDGET', ["process[2].serves", "unique", "process[0].serves"]),
        ('[[process]]\nname="b"\nimage="b"\nserves="s"\nuses=[{service="s",rights="read"}]\nBUDGET', ["itself"]),
        ('[[process]]\nname="b"\nimage="b"\n', ["[process.budget] is missing"]),
        ('[[process]]\nname="b"\nimage="b"\nBUDGET[[process.device]]\nid="1AF4:1042"\n', ["process[2].device[0]", "unique"]),
        (
            '[[process]]\nname="b"\nimage="b"\nuses=[{service="blk0",rights="read"},{service="blk0",rights="read"}]\nBUDGET',
            ["process[2].uses[1].service", "unique"],
        ),
    ],
    ids=["two servers", "own service", "no budget", "same device", "same use"],
)
def test_what_is_wrong_between_processes_is_refused(folder, process, words):
    with pytest.raises(SystemExit) as refusal:
        compile_text(folder, added(process))
    for word in words:
        assert word in str(refusal.value)


def test_seventeen_processes_are_too_many(folder):
    more = "".join(added(f'[[process]]\nname="p{n}"\nimage="b"\nBUDGET')[len(GOOD) :] for n in range(15))
    with pytest.raises(SystemExit, match="at most 16"):
        compile_text(folder, GOOD + more)


def test_the_name_of_the_file_must_be_a_name(folder):
    with pytest.raises(SystemExit, match="NAME.toml"):
        compile_text(folder, GOOD, name="Not a name.toml")


def test_every_manifest_of_the_tree_is_compiled_by_the_build():
    names = {os.path.basename(p).removesuffix(".toml") for p in glob.glob(f"{paths.ROOT}/manifest/*.toml")}
    built = {os.path.basename(p).removesuffix(".bin") for p in glob.glob(f"{paths.BUILD}/manifest/*.bin")}
    assert names == built, "list it in manifest/meson.build"


def test_lines_are_found_in_arrays_of_tables_strings_and_comments():
    text = 'a = """\n[[x]]\n"""\n# [[x]]\n[[x]] # one\nk = [\n  1, # c\n  { d.e = "]" },\n]\n[x.y]\nz = \'#\'\n[[x]]\nk = 1\n"q w" = 2\n'
    lines = toml_lines.key_lines(text)
    assert lines[("a",)] == 1
    assert lines[("x", 0)] == 5
    assert lines[("x", 0, "k")] == 6
    assert (lines[("x", 0, "k", 0)], lines[("x", 0, "k", 1, "d", "e")]) == (7, 8)
    assert lines[("x", 0, "y", "z")] == 11
    assert (lines[("x", 1, "k")], lines[("x", 1, "q w")]) == (13, 14)
