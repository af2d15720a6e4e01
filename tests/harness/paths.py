# SPDX-License-Identifier: Apache-2.0
"""Where things are, and how the harness gets at the tools."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("TENURE_BUILD", "build"))
TOOLS = os.path.join(ROOT, "tools")
LOGS = os.path.join(BUILD, "test-logs")
KERNEL = os.path.join(BUILD, "tenure.elf")
TWIN = os.path.join(BUILD, "tenure-twin.elf")
CHECKED = os.path.join(BUILD, "tenure-checked.elf")  # every guarantee, the checks of a debug build, and provocations
PROGRAMS = os.path.join(BUILD, "user")
TEST_MANIFESTS = os.path.join(ROOT, "tests", "manifests")
PYTHON = "/usr/bin/python3"

sys.path.insert(0, TOOLS)


def program(name):
    return os.path.join(PROGRAMS, name)
