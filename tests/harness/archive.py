# SPDX-License-Identifier: Apache-2.0
"""Boot archives for machines under test: the programs of the build and the manifests a test asks for, with changes."""

import os

from harness import paths

import manifestc
import mkinitrd


def programs():
    """Name -> path of every user program of the build, those for tests included."""
    found = {}
    for name in os.listdir(paths.PROGRAMS):
        path = os.path.join(paths.PROGRAMS, name)
        if os.path.isfile(path) and "." not in name:
            found[name] = path
    return found


def manifest_path(name):
    """tests/manifests/NAME.toml, else manifest/NAME.toml."""
    for folder in (paths.TEST_MANIFESTS, os.path.join(paths.ROOT, "manifest")):
        path = os.path.join(folder, name + ".toml")
        if os.path.exists(path):
            return path
    raise AssertionError(f"no manifest is named {name}")


def entries(manifests, without=(), changed=None):
    """What goes into an archive. `without`: programs left out. `changed`: archive name -> bytes that stand in."""
    result = {f"bin/{name}": path for name, path in programs().items() if name not in without}
    for name in manifests:
        result[f"manifest/{name}.bin"] = manifestc.compile_manifest(manifest_path(name))
    result.update(changed or {})
    return result


def variant(folder, name, changes):
    """The compiled manifest `name` after replacing text in it, for `changed`: {its place in the archive: path}."""
    with open(manifest_path(name), encoding="utf-8") as file:
        text = file.read()
    for old, new in changes.items():
        assert old in text, f"{old} is not in the manifest {name}"
        text = text.replace(old, new)
    path = os.path.join(folder, name + ".toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return {f"manifest/{name}.bin": manifestc.compile_manifest(path)}


def build(folder, manifests=("read",), without=(), changed=None, name="initrd.cpio"):
    """Packs an archive and returns its path."""
    path = os.path.join(folder, name)
    mkinitrd.pack(path, entries(manifests, without, changed))
    return path
