#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Packs the boot archive (cpio, "newc") with Debian's cpio; the same input gives the same bytes.

    mkinitrd.py --output initrd.cpio NAME=FILE …      NAME: bin/PROGRAM or manifest/NAME.bin
"""

import argparse
import os
import shutil
import subprocess
import tempfile


def pack(output, entries):
    """`entries`: name in the archive -> path of a file, or bytes."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in entries.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if isinstance(content, bytes):
                with open(path, "wb") as file:
                    file.write(content)
            else:
                shutil.copyfile(content, path)
            os.chmod(path, 0o755 if name.startswith("bin/") else 0o644)
            os.utime(path, (0, 0))
        names = "".join(f"{name}\0" for name in sorted(entries))
        command = ["cpio", "--create", "--null", "--format=newc", "--reproducible", "--owner=+0:+0", "--quiet"]
        with open(output, "wb") as file:
            subprocess.run(command, cwd=folder, input=names.encode(), stdout=file, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True)
    parser.add_argument("entries", nargs="*", metavar="NAME=FILE")
    options = parser.parse_args()
    entries = {}
    for word in options.entries:
        name, _, path = word.partition("=")
        if not path or name in entries:
            parser.error(f'"{word}": NAME=FILE is wanted, each NAME once')
        if not os.path.isfile(path):
            parser.error(f'"{word}": there is no file {path}')
        entries[name] = path
    pack(options.output, entries)


if __name__ == "__main__":
    main()
