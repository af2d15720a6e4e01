# SPDX-License-Identifier: Apache-2.0
"""ELF64 images that no linker would make."""

import struct
from dataclasses import dataclass

PT_LOAD = 1
R, W, X = 4, 2, 1
HEADER_BYTES, SEGMENT_BYTES = 64, 56
BASE = 0x400000
CODE = b"\xeb\xfe"  # jmp to itself: must never run


@dataclass
class Segment:
    address: int
    memory_bytes: int = 0x1000
    file_bytes: int = len(CODE)
    flags: int = R | X
    offset: int | None = None  # None: where the code is


def image(segments, entry=BASE, machine=62, kind=2, truncate=None):
    code_at = HEADER_BYTES + SEGMENT_BYTES * len(segments)
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = ident + struct.pack(
        "<HHIQQQIHHHHHH", kind, machine, 1, entry, HEADER_BYTES, 0, 0, HEADER_BYTES, SEGMENT_BYTES, len(segments), 0, 0, 0
    )
    body = b""
    # Offsets agree with addresses modulo the page size, as the format asks, so that only the intended thing is wrong.
    pad = 0x1000
    for s in segments:
        offset = pad + s.address % 0x1000 if s.offset is None else s.offset
        body += struct.pack("<IIQQQQQQ", PT_LOAD, s.flags, offset, s.address, 0, s.file_bytes, s.memory_bytes, 0x1000)
    data = (header + body).ljust(pad, b"\0") + CODE * 0x800
    assert len(header + body) == code_at
    return data[:truncate]
