# SPDX-License-Identifier: Apache-2.0
"""Fixtures of every test that runs tools or boots machines."""

import os
import random
import shutil
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def pytest_configure(config):
    # Set before the workers of xdist start, so that all of a run use one seed.
    os.environ.setdefault("TENURE_SEED", str(random.SystemRandom().randrange(1 << 32)))


def pytest_report_header(config):
    return f"TENURE_SEED={os.environ['TENURE_SEED']} (give it again to repeat this run's content)"


def pytest_collection_modifyitems(config, items):
    """Long tests run only when they are asked for by `-m long` (tools/runlong.py)."""
    if config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows the serial logs of the test's machines."""
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    from harness import machine

    shared = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, machine.Machine)]
    machines = machine.started + [m for m in shared if m not in machine.started]
    path = machine.save_logs(item.nodeid, machines)
    if path:
        for n, m in enumerate(machines):
            tail = m.text().splitlines()[-150:]
            report.sections.append((f"serial log {n}, its end (all of it: {path})", "\n".join(tail)))
            report.sections.append((f"QEMU {n}: status {m.process.poll()}, stderr", m.stderr()[-2000:]))
    report.sections.append(("seed", f"TENURE_SEED={os.environ['TENURE_SEED']}"))


@pytest.fixture(autouse=True)
def no_machine_is_left():
    """Ends what the test left running. Machines of wider fixtures have ended by themselves before a test sees them."""
    from harness import machine

    yield
    for m in machine.started:
        m.kill()
    machine.started.clear()


@pytest.fixture
def folder(tmp_path):
    """A folder of the test's own, as a string. It goes when the test ends: disk images are large."""
    yield str(tmp_path)
    shutil.rmtree(tmp_path, ignore_errors=True)
