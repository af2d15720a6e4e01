# SPDX-License-Identifier: Apache-2.0
"""Holds a log against tests/markers.toml: a missing, repeated, out-of-order, failed or undeclared marker is an error."""

import os
import re
import tomllib

from harness import paths

FILE = os.path.join(paths.ROOT, "tests", "markers.toml")
MARKER = re.compile(r"^(?:(?P<source>[a-z][a-z0-9_]*): )?(?P<kind>MARK|SELFTEST):? (?P<rest>.*)$")
KEYS = {"subject", "kind", "from", "phase", "order", "manifests", "proves"}


def declared():
    with open(FILE, "rb") as file:
        document = tomllib.load(file)
    phases = document["phases"]
    for marker in document["marker"]:
        assert set(marker) == KEYS, f"{FILE}: {marker.get('subject')}: the keys must be {sorted(KEYS)}"
        assert marker["phase"] in phases, f"{FILE}: {marker['subject']}: unknown phase {marker['phase']}"
    return sorted(document["marker"], key=lambda m: (phases.index(m["phase"]), m["order"]))


def seen(lines):
    """(source, kind, subject, outcome) of every marker in the log, in order. Outcome: what follows the subject."""
    subjects = sorted((m["subject"] for m in declared()), key=len, reverse=True)
    found = []
    for line in lines:
        match = MARKER.match(line.text)
        if not match:
            continue
        rest = match["rest"]
        subject = next((s for s in subjects if rest == s or rest.startswith(s + " ")), None)
        outcome = rest[len(subject) :].strip() if subject else rest
        found.append((match["source"] or "kernel", match["kind"], subject, outcome))
    return found


def problems(lines, manifest):
    """Everything that is wrong with the markers of a run of `manifest`, as sentences. Empty: all is well."""
    wrong = []
    table = declared()
    expected = [m for m in table if "*" in m["manifests"] or manifest in m["manifests"]]
    places = []
    found = seen(lines)
    for source, kind, subject, outcome in found:
        marker = next((m for m in table if m["subject"] == subject and m["kind"] == kind), None)
        if marker is None:
            wrong.append(f"undeclared marker from {source}: {kind} {outcome}")
        elif marker["from"] != source:
            wrong.append(f"marker {subject!r} must come from {marker['from']}, not from {source}")
        elif marker not in expected:
            wrong.append(f"marker {subject!r} is not declared for manifest {manifest}")
        elif kind == "SELFTEST" and outcome != "ok":
            wrong.append(f"SELFTEST: {subject} says {outcome or 'nothing'}")
        else:
            places.append(expected.index(marker))
    for n, marker in enumerate(expected):
        count = places.count(n)
        if count != 1:
            wrong.append(f"marker {marker['subject']!r} came {count} times; once is right ({marker['proves']})")
    # Markers of one phase come in their order; processes run side by side, so phases after "boot" may interleave.
    for phase in {m["phase"] for m in expected}:
        of_phase = [p for p in places if expected[p]["phase"] == phase]
        if of_phase != sorted(of_phase):
            names = [expected[p]["subject"] for p in of_phase]
            wrong.append(f"markers of phase {phase} are out of order: {names}")
    return wrong
