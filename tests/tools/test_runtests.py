# SPDX-License-Identifier: Apache-2.0
"""How `make test` counts what the host's programs print."""

from harness import paths  # noqa: F401  (tools/ on the path)

import runtests


def record(suite, result, output):
    return {"name": f"tenure:{suite} / name", "result": result, "duration": 0.1, "stdout": output}


def test_each_case_of_a_program_is_counted():
    cases = runtests.host_cases(record("unit", "FAIL", "1..2\nok 1 - one\nnot ok 2 - two\n"))
    assert [(c.name, c.result) for c in cases] == [("one", "pass"), ("two", "fail")]


def test_a_program_that_died_is_a_failure_of_its_own():
    cases = runtests.host_cases(record("unit", "FAIL", "1..2\nok 1 - one\n"))
    assert [(c.name, c.result) for c in cases] == [("one", "pass"), ("name", "fail")]


def test_a_twin_is_judged_by_its_status_not_by_the_case_that_must_fail():
    for result, counted in (("OK", "pass"), ("FAIL", "fail")):
        cases = runtests.host_cases(record("twin", result, "1..1\nnot ok 1 - g1_one\n"))
        assert [(c.name, c.result) for c in cases] == [("name", counted)]
