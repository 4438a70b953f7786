"""The emulators of the scenarios, and somebody at a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.person import Person
from tests.scenarios.conftest import jatos, running, study

__all__ = ["jatos", "running", "study"]

At = Callable[..., Person]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[At]:
    """Somebody who types a command at a terminal: `at(place, "init")`."""
    with ExitStack() as stack:

        def sit_down(place: Path, *arguments: str, **environment: str) -> Person:
            command = [sys.executable, "-m", "jatossync", *arguments]
            return stack.enter_context(Person(place, tmp_path / "home", command, environment))

        yield sit_down
