#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles manifest/NAME.toml to the binary form of include/tenure/abi/manifest.h.

    manifestc.py IN.toml OUT.bin

Everything that can be wrong in a manifest without knowing the machine is refused here, with file, line, key, value and
what is allowed. What depends on the machine (is there such a device, is there that much memory) the kernel says at boot.
"""

import os
import re
import sys
import tomllib

import manifest_layout as layout
from toml_lines import key_lines

NAME_RULE = f"1 to {layout.NAME_MAX - 1} characters of a-z, 0-9 and _, beginning with a letter"
SIZE_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20}
SERVICE_IN_FLIGHT_MAX = 1024  # requests of all clients of one service
SUPERVISOR_SPARE = 2  # places in its ring besides one for the end of each process that it starts again
DEADLINE_MS, DEADLINE_MS_MAX = 5000, 600000  # of what a client leaves behind; 0: none
NAMED_CLASSES = {"virtio-blk": (layout.MATCH_ID, 0x1AF41042)}

# key -> (largest value, may be written as a size, value when the key is absent or None if it must be there)
BUDGET_RULES = {
    "pool_bytes": (1 << 40, True, 0),
    "mmio_bytes": (1 << 40, True, 0),
    "memory_pages": (1 << 28, False, None),
    "buffers": (1 << 20, False, 0),
    "interrupts": (2048, False, 0),
    "in_flight": (SERVICE_IN_FLIGHT_MAX, False, 0),
    "cap_slots": (1 << 20, False, None),
    "channels": (1024, False, 0),
    "sq_entries": (layout.RING_ENTRIES_MAX, False, None),
    "cq_entries": (layout.RING_ENTRIES_MAX, False, None),
}


class ManifestError(Exception):
    """`path` leads to the offending key (see toml_lines); `allowed` says what would be right."""

    def __init__(self, path, value, allowed):
        super().__init__(allowed)
        self.path = path
        self.value = value
        self.allowed = allowed


def dotted(path):
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shown(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)


def check_keys(table, path, known, required=()):
    if not isinstance(table, dict):
        raise ManifestError(path, table, "this must be a table")
    for key in table:
        if key not in known:
            raise ManifestError(path + (key,), table[key], f"unknown key; allowed here: {', '.join(known)}")
    for key in required:
        if key not in table:
            raise ManifestError(path, None, f"the key {key} is missing")


def name_of(table, path, key):
    value = table[key]
    if not isinstance(value, str) or not re.fullmatch(rf"[a-z][a-z0-9_]{{0,{layout.NAME_MAX - 2}}}", value):
        raise ManifestError(path + (key,), value, f"a name: {NAME_RULE}")
    return value


def args_of(table, path):
    value = table.get("args", "")
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]*", value):
        raise ManifestError(path + ("args",), value, "words separated by commas, printable ASCII without blanks")
    if len(value) >= layout.ARGS_MAX:
        raise ManifestError(path + ("args",), value, f"at most {layout.ARGS_MAX - 1} characters; these are {len(value)}")
    return value


def number(value, path, largest, sizes=False):
    allowed = f"a number from 0 to {largest}" + (' or a size such as "64 KiB" or "1 MiB"' if sizes else "")
    result = value
    if sizes and isinstance(value, str):
        match = re.fullmatch(r"([0-9]+) ?(KiB|MiB)", value)
        if not match:
            raise ManifestError(path, value, allowed)
        result = int(match[1]) * SIZE_UNITS[match[2]]
    if isinstance(result, bool) or not isinstance(result, int) or not 0 <= result <= largest:
        raise ManifestError(path, value, allowed)
    return result


def budget_of(table, path):
    if "budget" not in table:
        raise ManifestError(path, None, "the table [process.budget] is missing")
    path += ("budget",)
    given = table["budget"]
    required = [key for key, rule in BUDGET_RULES.items() if rule[2] is None]
    check_keys(given, path, BUDGET_RULES, required)
    budget = {}
    for key, (largest, sizes, absent) in BUDGET_RULES.items():
        budget[key] = number(given[key], path + (key,), largest, sizes) if key in given else absent
    for key in ("sq_entries", "cq_entries"):
        n = budget[key]
        if n & (n - 1) or not layout.RING_ENTRIES_MIN <= n <= layout.RING_ENTRIES_MAX:
            allowed = f"a power of two from {layout.RING_ENTRIES_MIN} to {layout.RING_ENTRIES_MAX}"
            raise ManifestError(path + (key,), given[key], allowed)
    for key in ("memory_pages", "cap_slots"):
        if budget[key] == 0:
            raise ManifestError(path + (key,), given[key], "at least 1: no process runs without")
    return budget


# key: the largest, and what it is when it is not given; None: it must be.
RESTART_RULES = {"limit": (64, None), "window_ms": (1 << 30, 60000), "backoff_ms": (60000, 10), "heartbeat_ms": (1 << 30, 0)}


def restart_of(table, path):
    """{}: it is not started again."""
    if "restart" not in table:
        return {}
    given = table["restart"]
    path += ("restart",)
    check_keys(given, path, RESTART_RULES, [key for key, rule in RESTART_RULES.items() if rule[1] is None])
    restart = {key: number(given.get(key, absent), path + (key,), largest) for key, (largest, absent) in RESTART_RULES.items()}
    for key in ("limit", "window_ms", "backoff_ms"):
        if restart[key] == 0:
            raise ManifestError(path + (key,), given[key], "at least 1; without the table the process is not started again")
    return restart


def device_of(table, path):
    check_keys(table, path, ("class", "id", "index", "policy", *layout.DEVICE_FLAGS))
    if ("class" in table) == ("id" in table):
        raise ManifestError(path, None, 'exactly one of class = "…" and id = "vvvv:dddd" must be given')
    if "class" in table:
        value = table["class"]
        named = NAMED_CLASSES.get(value) if isinstance(value, str) else None
        if not named and not (isinstance(value, str) and re.fullmatch(r"0x[0-9a-fA-F]{6}", value)):
            names = ", ".join(f'"{n}"' for n in NAMED_CLASSES)
            raise ManifestError(path + ("class",), value, f'{names}, or a class code as "0x" and six hex digits')
        match, number_wanted = named or (layout.MATCH_CLASS, int(value, 16))
    else:
        value = table["id"]
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{4}:[0-9a-fA-F]{4}", value):
            raise ManifestError(path + ("id",), value, 'vendor and device as "vvvv:dddd", four hex digits each')
        match, number_wanted = layout.MATCH_ID, int(value.replace(":", ""), 16)
    policy = table.get("policy", "remapped-strict")
    if not isinstance(policy, str) or policy not in layout.POLICIES:
        raise ManifestError(path + ("policy",), policy, " or ".join(f'"{p}"' for p in layout.POLICIES))
    index = number(table.get("index", 0), path + ("index",), 255)
    for key in layout.DEVICE_FLAGS:
        if not isinstance(table.get(key, False), bool):
            raise ManifestError(path + (key,), table[key], "true or false")
    flags = sum(flag for key, flag in layout.DEVICE_FLAGS.items() if table.get(key))
    return (match, number_wanted, index, layout.POLICIES[policy], flags)


def list_of(table, path, key, most):
    value = table.get(key, [])
    if not isinstance(value, list):
        raise ManifestError(path + (key,), value, "a list of tables")
    if len(value) > most:
        raise ManifestError(path + (key,), value, f"at most {most} of them; these are {len(value)}")
    return [(entry, path + (key, n)) for n, entry in enumerate(value)]


def use_of(table, path):
    check_keys(table, path, ("service", "rights", "deadline_ms"), ("service", "rights"))
    rights = table["rights"]
    if not isinstance(rights, str) or rights not in layout.RIGHTS:
        raise ManifestError(path + ("rights",), rights, " or ".join(f'"{r}"' for r in layout.RIGHTS))
    deadline = number(table.get("deadline_ms", DEADLINE_MS), path + ("deadline_ms",), DEADLINE_MS_MAX)
    return (name_of(table, path, "service"), layout.RIGHTS[rights], deadline)


PROCESS_KEYS = (
    *("name", "image", "args", "job", "guard", "audit", "console", "supervisor", "serves", "uses", "budget", "device"),
    "restart",
)


def process_of(table, path):
    check_keys(table, path, PROCESS_KEYS, ("name", "image"))
    for key in ("job", "audit", "supervisor"):
        if not isinstance(table.get(key, False), bool):
            raise ManifestError(path + (key,), table[key], "true or false")
    if table.get("job", False) and "restart" in table:
        raise ManifestError(path + ("restart",), None, "a job ends once: it is not started again")
    guard = table.get("guard", "on")
    if guard not in ("on", "off"):
        raise ManifestError(path + ("guard",), guard, '"on" or "off": whether the CPU loses a buffer while it is in flight')
    console = table.get("console", "write")
    if console not in ("write", "shell"):
        raise ManifestError(path + ("console",), console, '"write", or "shell": it reads lines and runs commands of the console')
    return {
        "path": path,
        "name": name_of(table, path, "name"),
        "image": name_of(table, path, "image"),
        "args": args_of(table, path),
        "job": table.get("job", False),
        "audit": table.get("audit", False),
        "supervisor": table.get("supervisor", False),
        "guard": guard,
        "console": console,
        "serves": name_of(table, path, "serves") if "serves" in table else "",
        "uses": [use_of(*entry) for entry in list_of(table, path, "uses", layout.USES_MAX)],
        "device": [device_of(*entry) for entry in list_of(table, path, "device", layout.DEVICES_MAX)],
        "budget": budget_of(table, path),
        "restart": restart_of(table, path),
    }


def refuse_duplicates(rows, what):
    """rows: (value, path, value as written)."""
    seen = {}
    for value, path, written in rows:
        if value in seen:
            raise ManifestError(path, written, f"{what} must be unique; {dotted(seen[value])} has the same")
        seen[value] = path


def check_between(processes):
    """What is right in each process and wrong between them."""
    refuse_duplicates([(p["name"], p["path"] + ("name",), p["name"]) for p in processes], "names of processes")
    servers = [(p["serves"], p["path"] + ("serves",), p["serves"]) for p in processes if p["serves"]]
    refuse_duplicates(servers, "the server of a service")
    claims = [
        (d[:3], p["path"] + ("device", n), None)
        for p in processes
        for n, d in enumerate(p["device"])
        if not d[4] & layout.DEVICE_LATER
    ]
    refuse_duplicates(claims, "the claim on a device")
    served = [service for service, _, _ in servers]
    in_flight = dict.fromkeys(served, 0)
    for p in processes:
        uses = [(service, p["path"] + ("uses", n, "service"), service) for n, (service, _, _) in enumerate(p["uses"])]
        refuse_duplicates(uses, "the services a process uses")
        for service, path, _ in uses:
            if service not in served:
                raise ManifestError(path, service, f"a service that a process serves: {', '.join(served) or 'there is none'}")
            if service == p["serves"]:
                raise ManifestError(path, service, "a process cannot use the service it serves itself")
            in_flight[service] += p["budget"]["in_flight"]
            if in_flight[service] > SERVICE_IN_FLIGHT_MAX:
                allowed = f"the users of {service} may hold {SERVICE_IN_FLIGHT_MAX} in flight in total; "
                path = p["path"] + ("budget", "in_flight")
                raise ManifestError(path, p["budget"]["in_flight"], allowed + f"up to here these are {in_flight[service]}")
        if len(uses) > p["budget"]["channels"]:
            path = p["path"] + ("budget", "channels")
            raise ManifestError(path, p["budget"]["channels"], f"channels must be at least {len(uses)}, one for each of uses")
    supervisors = [p for p in processes if p["supervisor"]]
    restarted = [p for p in processes if p["restart"]]
    if len(supervisors) > 1:
        raise ManifestError(supervisors[1]["path"] + ("supervisor",), True, "one process supervises all that are started again")
    if restarted and not supervisors:
        raise ManifestError(restarted[0]["path"] + ("restart",), None, "no process has supervisor = true, to start it again")
    if supervisors and supervisors[0]["restart"]:
        raise ManifestError(supervisors[0]["path"] + ("restart",), None, "nobody starts the supervisor again")
    for p in supervisors:
        need = len(restarted) + SUPERVISOR_SPARE
        if p["budget"]["cq_entries"] < need:
            path = p["path"] + ("budget", "cq_entries")
            allowed = f"{p['name']} waits for {len(restarted)} processes and makes calls besides: cq_entries must be at least {need}"
            raise ManifestError(path, p["budget"]["cq_entries"], allowed)
    if not any(p["job"] for p in processes):
        raise ManifestError(("process",), None, "no process has job = true, so the run would never end")


def checked(document):
    check_keys(document, (), ("system", "process"), ("process",))
    system = document.get("system", {})
    check_keys(system, ("system",), ("description",))
    if not isinstance(system.get("description", ""), str):
        raise ManifestError(("system", "description"), system["description"], "a text")
    processes = [process_of(*entry) for entry in list_of(document, (), "process", layout.PROCESSES_MAX)]
    check_between(processes)
    return processes


def line_of(lines, path):
    """The line of the key, or of the nearest table around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def compile_manifest(path):
    """The compiled bytes, or SystemExit with a message a person can act on."""
    name = os.path.basename(path).removesuffix(".toml")
    if not re.fullmatch(rf"[a-z][a-z0-9_]{{0,{layout.NAME_MAX - 2}}}", name):
        raise SystemExit(f'{path}:1: "{name}": the file must be named NAME.toml, NAME being {NAME_RULE}')
    sys.set_int_max_str_digits(0)  # a number that is too long is refused as too large, where it stands
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        document = tomllib.loads(text)
    except OSError as error:
        raise SystemExit(f"{path}: {error.strerror}")
    except UnicodeDecodeError as error:
        raise SystemExit(f"{path}: byte {error.start}: not UTF-8")
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = where[1] if where else text.count("\n") + 1
        raise SystemExit(f"{path}:{line}: not valid TOML: {error}")
    except RecursionError:
        raise SystemExit(f"{path}:1: lists or tables nested deeper than any manifest has them")
    try:
        return layout.pack_manifest(name, checked(document))
    except ManifestError as error:
        value = "" if error.value is None else f" = {shown(error.value)}"
        where = dotted(error.path) or "the file"
        raise SystemExit(f"{path}:{line_of(key_lines(text), error.path)}: {where}{value}: {error.allowed}")


def main():
    if len(sys.argv) != 3:
        raise SystemExit("usage: manifestc.py IN.toml OUT.bin")
    binary = compile_manifest(sys.argv[1])
    with open(sys.argv[2], "wb") as file:
        file.write(binary)


if __name__ == "__main__":
    main()
