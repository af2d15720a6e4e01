# SPDX-License-Identifier: Apache-2.0
"""What QEMU itself says of a machine under test: its PCI functions, through QMP."""

import json
import os
import socket
import time
from dataclasses import dataclass

CONNECT_SECONDS = 20


@dataclass(frozen=True)
class Function:
    bdf: str
    id: str
    class_code: int
    bars: tuple  # (number, "memory" | "memory64" | "io", prefetchable, size)
    buses: tuple  # of a bridge: (secondary, subordinate); else ()


class Monitor:
    def __init__(self, folder):
        self.path = os.path.join(folder, "qmp")

    def options(self):
        return ["-qmp", f"unix:{self.path},server=on,wait=off"]

    def connect(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(CONNECT_SECONDS)
        end = time.monotonic() + CONNECT_SECONDS
        while True:
            try:
                self.socket.connect(self.path)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                assert time.monotonic() < end, "QEMU opened no monitor"
                time.sleep(0.05)
        self.file = self.socket.makefile("rw", encoding="utf-8")
        self.file.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            assert "error" not in answer, f"{command}: {answer}"
            if "return" in answer:
                return answer["return"]

    def addresses(self):
        """Where the registers of all functions are; what firmware left without an address is not in it."""
        found = set()
        for bus in self.ask("query-pci"):
            _collect_addresses(bus["devices"], found)
        return found

    def functions(self):
        """Every function of every bus, bdf -> Function."""
        found = {}
        for bus in self.ask("query-pci"):
            _collect(bus["devices"], found)
        self.file.close()
        self.socket.close()
        return found


def _bar(region):
    if region["type"] == "io":
        return (region["bar"], "io", False, region["size"])
    kind = "memory64" if region.get("mem_type_64") else "memory"
    return (region["bar"], kind, bool(region.get("prefetch")), region["size"])


def _collect(devices, found):
    for d in devices:
        bdf = f"{d['bus']:02x}:{d['slot']:02x}.{d['function']}"
        bridge = d.get("pci_bridge")
        found[bdf] = Function(
            bdf,
            f"{d['id']['vendor']:04x}:{d['id']['device']:04x}",
            d["class_info"]["class"],
            tuple(sorted(_bar(r) for r in d["regions"] if r["bar"] < 6)),
            (bridge["bus"]["secondary"], bridge["bus"]["subordinate"]) if bridge else (),
        )
        if bridge:
            _collect(bridge.get("devices", []), found)


def _collect_addresses(devices, found):
    for d in devices:
        found.update(region["address"] for region in d["regions"] if region["address"] > 0)
        _collect_addresses(d.get("pci_bridge", {}).get("devices", []), found)
