# SPDX-License-Identifier: Apache-2.0
"""What user/services/blk_churn said that it was told, and what the disk holds: judged outside the machine."""

import re
import struct

MASK = (1 << 64) - 1
BYTES = 4096
SEED = 0xC4


def splitmix64(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def block(number, version):
    words = [version, number, *(splitmix64(SEED ^ number << 48 ^ version << 16 ^ n) for n in range(2, BYTES // 8))]
    return struct.pack(f"<{BYTES // 8}Q", *words)


def said(machine, what):
    """{block: version} of the last lines `churn: acked …` or `churn: durable …`."""
    versions = {}
    for match in machine.find_all(rf"^churn: churn: {what}(( \d+=\d+)+)$"):
        for number, version in re.findall(r" (\d+)=(\d+)", match[1]):
            assert int(version) > versions.get(int(number), 0), f"block {number}: {version} after {versions[int(number)]}"
            versions[int(number)] = int(version)
    return versions


def wrong(path, least, ahead=0):
    """Blocks of the disk that are not whole, or not of the version `least` says, or at most `ahead` later."""
    found = []
    with open(path, "rb") as file:
        for number, version in sorted(least.items()):
            file.seek(number * BYTES)
            content = file.read(BYTES)
            (holds,) = struct.unpack_from("<Q", content)
            if not version <= holds <= version + ahead or content != block(number, holds):
                found.append((number, version, holds))
    return found
