"""A study of its own for each test, on an emulator of its own that may be killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.handle import Emulator
from tests.scenarios.harness import Study


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    """A study on a JATOS 3.10."""
    with Emulator(tmp_path / "jatos") as emulator:
        place = tmp_path / "place"
        place.mkdir()
        yield Study(place, emulator)
