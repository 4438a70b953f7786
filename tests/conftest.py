"""
What all tests share: whatever a test prints, a token in it fails the test (law 12), and programs
can be interrupted although the tests themselves were started with `nohup` or in the background.
"""

from __future__ import annotations

import signal
from collections.abc import Generator

import pytest

from tests.printed import lines_with_tokens


def pytest_configure() -> None:
    """What is ignored here would be ignored by every program that a test starts."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    captured = f"{report.capstdout}\n{report.capstderr}"
    if report.passed and (lines := lines_with_tokens(captured)):
        report.outcome = "failed"
        report.longrepr = "a token was printed:\n" + "\n".join(lines)
    return report
