# SPDX-License-Identifier: Apache-2.0
"""ACPI tables of our own making, broken where a test wants it.

With `-machine acpi=off` QEMU makes no tables, and the firmware takes those we hand over through fw_cfg: one blob of
tables, one with the RSDP, and a script of loader commands (allocate, add pointer) as QEMU itself would write it
(QEMU, docs/specs/acpi_hw_reduced_hotplug and hw/acpi/bios-linker-loader describe the format).
"""

import os
import struct

TABLES, RSDP, LOADER = "etc/acpi/tables", "etc/acpi/rsdp", "etc/table-loader"
ECAM_BASE = 0xB0000000  # where the firmware puts q35's window
HEADER_BYTES = 36

COMMAND_ALLOCATE, COMMAND_ADD_POINTER = 1, 2
ZONE_HIGH, ZONE_FSEG = 1, 2
COMMAND_BYTES = 128


def checksum(data):
    return -sum(data) & 0xFF


def table(signature, body, length=None, break_checksum=False, revision=1):
    """One table. `length`: what its header says instead of the truth."""
    size = HEADER_BYTES + len(body) if length is None else length
    header = struct.pack("<4sIBB6s8sI4sI", signature, size, revision, 0, b"TENURE", b"TEST    ", 1, b"TEST", 1)
    data = bytearray(header + body)
    data[9] = (checksum(data[:size]) + (1 if break_checksum else 0)) & 0xFF
    return bytes(data)


def mcfg(base=ECAM_BASE, first_bus=0, last_bus=255, more=(), **broken):
    """`more`: (base, segment, first bus, last bus) of further windows."""
    entries = [(base, 0, first_bus, last_bus), *more]
    return table(b"MCFG", bytes(8) + b"".join(struct.pack("<QHBBI", *e, 0) for e in entries), **broken)


def madt(local_apic=None, io_apics=((0xFEC00000, 0),), **broken):
    """`local_apic`: its address, beyond 4 GiB as well. `io_apics`: address and first interrupt of each."""
    moved = b"" if local_apic is None else struct.pack("<BBHQ", 5, 12, 0, local_apic)
    processor = struct.pack("<BBBBI", 0, 8, 0, 0, 1)
    pins = b"".join(struct.pack("<BBBBII", 1, 12, n, 0, *io_apic) for n, io_apic in enumerate(io_apics))
    return table(b"APIC", struct.pack("<II", 0xFEE00000, 1) + moved + processor + pins, **broken)


def hpet(base=0xFED00000, **broken):
    address = struct.pack("<BBBBQ", 0, 0, 0, 0, base)
    return table(b"HPET", struct.pack("<I", 0x8086A201) + address + struct.pack("<BHB", 0, 0, 0), **broken)


def fadt(boot_flags):
    """Of ACPI 2.0, without registers; `boot_flags`: IAPC_BOOT_ARCH, bit 3 of which forbids MSI."""
    body = bytearray(244 - HEADER_BYTES)
    struct.pack_into("<H", body, 109 - HEADER_BYTES, boot_flags)
    return table(b"FACP", bytes(body), revision=3)


def scope(kind, bus, *path, number=0):
    """A device scope: `kind` 1 endpoint, 2 bridge, 3 I/O APIC; `path`: (device, function) of each step."""
    steps = b"".join(bytes(step) for step in path)
    return struct.pack("<BBHBB", kind, 6 + len(steps), 0, number, bus) + steps


def drhd(scopes=b"", base=0xFED90000, everything_else=True):
    return struct.pack("<HHBBHQ", 0, 16 + len(scopes), everything_else, 0, 0, base) + scopes


def rmrr(base, limit, scopes):
    return struct.pack("<HHHHQQ", 1, 24 + len(scopes), 0, 0, base, limit) + scopes


def dmar(*structures, flags=1):
    """`flags` 1: interrupt remapping."""
    return table(b"DMAR", bytes([38, flags]) + bytes(10) + b"".join(structures))


def _command(number, *fields):
    return struct.pack("<I", number) + b"".join(fields).ljust(COMMAND_BYTES - 4, b"\0")


def _name(text):
    return text.encode().ljust(56, b"\0")


def options(folder, tables, rsdt=None):
    """Words for QEMU that make the firmware install `tables` and nothing else.

    `rsdt`: changes to the root table (`length`, `break_checksum`, `nowhere`: so many entries that lead nowhere). The firmware puts addresses into it after we made it,
    so its checksum is left to a loader command unless it is to be broken. The RSDP must be right: without one the firmware
    falls back to tables of its own.
    """
    rsdt = rsdt or {}
    blob = b"".join(tables)
    at, offsets = 0, []
    for t in tables:
        offsets.append(at)
        at += len(t)
    root_at = len(blob)
    entries = [*offsets, *(0x90000000 + 64 * n for n in range(rsdt.get("nowhere", 0)))]
    root = bytearray(table(b"RSDT", b"".join(struct.pack("<I", o) for o in entries), length=rsdt.get("length")))
    root[9] = 0
    blob += bytes(root)
    rsdp = bytearray(struct.pack("<8sB6sBI", b"RSD PTR ", 0, b"TENURE", 0, root_at))

    def add_checksum(file, field, start, size):
        return _command(3, _name(file), struct.pack("<III", field, start, size))

    def add_pointer(where, offset):
        return _command(COMMAND_ADD_POINTER, _name(where), _name(TABLES), struct.pack("<IB", offset, 4))

    script = _command(COMMAND_ALLOCATE, _name(RSDP), struct.pack("<IB", 16, ZONE_FSEG))
    script += _command(COMMAND_ALLOCATE, _name(TABLES), struct.pack("<IB", 64, ZONE_HIGH))
    for n in range(len(tables)):
        script += add_pointer(TABLES, root_at + HEADER_BYTES + 4 * n)
    if not rsdt.get("break_checksum"):
        script += add_checksum(TABLES, root_at + 9, root_at, len(root))
    script += add_pointer(RSDP, 16)
    script += add_checksum(RSDP, 8, 0, len(rsdp))

    words = ["-machine", "acpi=off"]
    for name, data in ((TABLES, blob), (RSDP, bytes(rsdp)), (LOADER, script)):
        path = os.path.join(folder, name.replace("/", "-"))
        with open(path, "wb") as file:
            file.write(data)
        words += ["-fw_cfg", f"name={name},file={path}"]
    return words
