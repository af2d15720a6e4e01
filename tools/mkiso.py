#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes an image that GRUB boots on BIOS and on UEFI machines: the kernel by multiboot2, the archive as its module, one
menu entry that starts at once. For a CD drive, or copied to a USB stick as it is.

    tools/mkiso.py build/tenure.elf build/initrd.cpio build/tenure.iso manifest=read
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

MENU = """serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
set timeout=0
menuentry "Tenure" {{
    multiboot2 /boot/tenure.elf {words}
    module2 /boot/initrd.cpio
    boot
}}
"""


class IsoError(Exception):
    """No image was made; the message says why."""


def make(kernel, archive, image, words):
    """Writes `image`; `words` is the kernel's command line."""
    if re.search(r"[^ -~]|[{}$'\"\\;&|<>#]", words):
        raise IsoError(f"command line {words!r}: GRUB would not pass these characters on")
    for tool in ("grub-mkrescue", "xorriso", "mformat"):
        if not shutil.which(tool):
            raise IsoError(f"{tool} is missing; tools/packages.txt names its package")
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "boot", "grub"))
        for source, name in ((kernel, "tenure.elf"), (archive, "initrd.cpio")):
            if not os.path.exists(source):
                raise IsoError(f"there is no {source}; `make build` makes it")
            shutil.copyfile(source, os.path.join(folder, "boot", name))
        with open(os.path.join(folder, "boot", "grub", "grub.cfg"), "w", encoding="utf-8") as file:
            file.write(MENU.format(words=words))
        done = subprocess.run(["grub-mkrescue", "-o", image, folder], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0 or not os.path.exists(image):
        raise IsoError(f"grub-mkrescue failed:\n{done.stderr[-2000:]}")


def main():
    parser = argparse.ArgumentParser(description="makes an image that GRUB boots")
    for name in ("kernel", "archive", "image"):
        parser.add_argument(name)
    parser.add_argument("words", nargs="*", help="the kernel's command line")
    options = parser.parse_args()
    try:
        make(options.kernel, options.archive, options.image, " ".join(options.words))
    except IsoError as error:
        print(f"mkiso: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
