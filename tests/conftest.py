"""What all tests share: the search through everything that was printed comes last."""

from __future__ import annotations

import pytest

from tests.printed import remember

LAST = "test_the_token_is_in_nothing_that_was_printed"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.name == LAST)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        for name, text in (("stdout", report.capstdout), ("stderr", report.capstderr)):
            if text:
                remember(f"{report.nodeid}, {name}", text)
