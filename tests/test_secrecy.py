"""Law 12, over the whole suite: the token is never printed."""

from __future__ import annotations

import pytest

from tests.printed import PRINTED, tokens_printed


def test_the_token_is_in_nothing_that_was_printed() -> None:
    """Runs last (conftest.py): logs, messages, tracebacks of every program that the tests ran."""
    if not PRINTED:
        pytest.skip("nothing was printed: run it with the other tests")
    assert tokens_printed() == []
