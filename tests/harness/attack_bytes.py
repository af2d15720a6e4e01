# SPDX-License-Identifier: Apache-2.0
"""What the device of user/hostile/dma_attack carries and nothing else in memory looks like (attack_word() of its attack.h)."""

import struct


def word(i):
    mask = (1 << 64) - 1
    x = (i + 1) * 0x9E3779B97F4A7C15 & mask
    x = (x ^ x >> 31) * 0xBF58476D1CE4E5B9 & mask
    return x ^ x >> 29


BEGIN = struct.pack("<4Q", *map(word, range(4)))
END = struct.pack("<4Q", *map(word, range(252, 256)))
