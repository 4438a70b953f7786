"""Studies of their own for each test, each on an emulator of its own, with a witness."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.emulator.handle import Emulator
from tests.scenarios.harness import Study

SEED = int(os.environ.get("JATOSSYNC_SEED", "1"))
KILLS = int(os.environ.get("JATOSSYNC_KILLS", "500"))
EMULATOR_KILLS = int(os.environ.get("JATOSSYNC_EMULATOR_KILLS", "50"))

DIALECTS = ("3.10", "3.9", "3.8")


@pytest.fixture
def study_on(tmp_path: Path) -> Iterator[Callable[[str], Study]]:
    """A study on a JATOS of the dialect that is asked for."""
    with ExitStack() as stack:

        def made(dialect: str) -> Study:
            jatos = Emulator(tmp_path / "jatos", dialect, program="tests.long.witness")
            stack.enter_context(jatos)
            place = tmp_path / "place"
            place.mkdir()
            return Study(place, jatos)

        yield made


@pytest.fixture
def study(study_on: Callable[[str], Study]) -> Study:
    """A study on a JATOS 3.10."""
    return study_on("3.10")
