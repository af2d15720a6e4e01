# SPDX-License-Identifier: Apache-2.0
"""Takes the ACPI tables out of QEMU's machines: `acpi_dump.py >tests/fuzz/acpi_corpus.txt`.

Each machine is started with its firmware and nothing to boot, stopped when the tables stand in memory, and its memory is
read through QMP. One line a table: `machine signature hex`. Only tables that the kernel decodes, and what leads to them.
"""

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import qemu

MACHINES = {
    "q35": ["-M", "q35", "-smp", "2"],
    "q35-intel-iommu": ["-M", "q35", "-device", "intel-iommu,intremap=on", "-device", "pcie-root-port,id=rp,chassis=1"],
    "pc": ["-M", "pc"],
    "microvm": ["-M", "microvm,acpi=on"],
}
WANTED = {"APIC", "MCFG", "DMAR", "FACP", "HPET"}
MEMORY_MIB = 128
LEGACY = (0xE0000, 0x20000)
FIRMWARE_SECONDS = 20


class Qmp:
    """A QEMU with a QMP socket, from its start to its end."""

    def __init__(self, words, folder):
        self.folder = folder
        path = os.path.join(folder, "qmp")
        words = [qemu.QEMU, *words, "-accel", "tcg", "-cpu", "max", "-m", str(MEMORY_MIB), "-nodefaults", "-display", "none"]
        words += ["-no-user-config", "-serial", "none", "-qmp", f"unix:{path},server=on,wait=off"]
        self.process = subprocess.Popen(qemu.leashed(words), stdin=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(FIRMWARE_SECONDS)
        for _ in range(FIRMWARE_SECONDS * 20):
            try:
                self.socket.connect(path)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.05)
        self.file = self.socket.makefile("rw", encoding="utf-8")
        self.file.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def memory(self, start, size):
        path = os.path.join(self.folder, "memory")
        self.ask("pmemsave", val=start, size=size, filename=path)
        with open(path, "rb") as file:
            return file.read()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.socket.close()


def rsdp_in(legacy):
    for at in range(0, len(legacy), 16):
        if legacy[at : at + 8] == b"RSD PTR " and sum(legacy[at : at + 20]) & 0xFF == 0:
            return legacy[at : at + 36]
    return None


def wait_for_rsdp(machine):
    """The RSDP, when what it points at stands as well: the firmware writes it last."""
    end = time.monotonic() + FIRMWARE_SECONDS
    while time.monotonic() < end:
        rsdp = rsdp_in(machine.memory(*LEGACY))
        root = root_of(rsdp) if rsdp else None
        if root and machine.memory(root[0], 4) in (b"RSDT", b"XSDT"):
            return rsdp
        time.sleep(0.2)
    raise RuntimeError("the firmware left no tables")


def root_of(rsdp):
    """(address, bytes an entry) of the root table, or None."""
    revision, rsdt = struct.unpack_from("<BI", rsdp, 15)
    xsdt = struct.unpack_from("<Q", rsdp, 24)[0] if revision >= 2 else 0
    return (xsdt, 8) if xsdt else (rsdt, 4) if rsdt else None


def table_at(machine, address):
    length = struct.unpack("<I", machine.memory(address + 4, 4))[0]
    return machine.memory(address, length)


def tables(words):
    """(signature, bytes) of each table of a machine, the RSDP first and the root table next."""
    with tempfile.TemporaryDirectory() as folder:
        machine = Qmp(words, folder)
        try:
            rsdp = wait_for_rsdp(machine)
            machine.ask("stop")
            at, width = root_of(rsdp)
            root = table_at(machine, at)
            found = [("RSDP", rsdp), (root[:4].decode(), root)]
            for (address,) in struct.iter_unpack("<Q" if width == 8 else "<I", root[36:]):
                table = table_at(machine, address)
                if table[:4].decode() in WANTED:
                    found.append((table[:4].decode(), table))
            return found
        finally:
            machine.end()


def main():
    print("# SPDX-License-Identifier: Apache-2.0")
    print("# ACPI tables of QEMU's machines, written by tools/acpi_dump.py: machine, signature, bytes.")
    for name, words in MACHINES.items():
        for signature, data in tables(words):
            print(name, signature, data.hex())


if __name__ == "__main__":
    main()
