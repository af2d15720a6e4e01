# SPDX-License-Identifier: Apache-2.0
"""The content that the guest's verifying client writes: the 8-byte little-endian word at byte address A of the disk is
splitmix64(seed + A). Here it is checked from outside."""

import struct

MASK = (1 << 64) - 1
CHUNK_WORDS = 1 << 13


def splitmix64(x):
    z = (x + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return z ^ z >> 31


def content(seed, address, size):
    """What `size` bytes from byte address `address` must be; both multiples of 8."""
    words = [splitmix64((seed + at) & MASK) for at in range(address, address + size, 8)]
    return struct.pack(f"<{len(words)}Q", *words)


def first_difference(path, seed, size):
    """The address of the first wrong byte among the first `size` of the file, or None."""
    with open(path, "rb") as file:
        for address in range(0, size, CHUNK_WORDS * 8):
            wanted = content(seed, address, min(CHUNK_WORDS * 8, size - address))
            found = file.read(len(wanted))
            if found != wanted:
                pairs = enumerate(zip(wanted, found))
                return address + next((n for n, (a, b) in pairs if a != b), len(found))
    return None
