"""What all tests share: whatever a test prints, a token in it fails the test (law 12)."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.printed import lines_with_tokens


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    captured = f"{report.capstdout}\n{report.capstderr}"
    if report.passed and (lines := lines_with_tokens(captured)):
        report.outcome = "failed"
        report.longrepr = "a token was printed:\n" + "\n".join(lines)
    return report
