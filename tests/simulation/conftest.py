"""The edges of the program, led into the simulated world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation import edges


@pytest.fixture(autouse=True, scope="package")
def _edges() -> Iterator[None]:
    with edges.installed():
        yield
