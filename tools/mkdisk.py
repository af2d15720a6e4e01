#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a disk image whose content follows from a seed.

    mkdisk.py --output disk.img --bytes 16777216 --seed 1
"""

import argparse
import random

CHUNK = 1 << 20


def write(path, size, seed):
    source = random.Random(seed)
    with open(path, "wb") as file:
        for start in range(0, size, CHUNK):
            file.write(source.randbytes(min(CHUNK, size - start)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True)
    parser.add_argument("--bytes", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    write(options.output, options.bytes, options.seed)


if __name__ == "__main__":
    main()
