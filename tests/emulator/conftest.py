"""A fresh emulator and a client for each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.emulator.handle import Emulator

StartEmulator = Callable[..., Emulator]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartEmulator]:
    """Starts an emulator below the test's own directory: `start(dialect=…, names=…)`."""
    with ExitStack() as running:
        yield lambda **options: running.enter_context(Emulator(tmp_path / "jatos", **options))


@pytest.fixture
def emulator(start: StartEmulator) -> Emulator:
    """A JATOS 3.10."""
    return start()


@pytest.fixture(scope="session")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A JATOS 3.10 for tests that change nothing in it."""
    with Emulator(tmp_path_factory.mktemp("unchanged")) as running:
        yield running


@pytest.fixture
def api(emulator: Emulator) -> Iterator[httpx.Client]:
    """A client for the emulator's API that has the token."""
    headers = {"Authorization": f"Bearer {emulator.token}"}
    with httpx.Client(
        base_url=emulator.api, headers=headers, trust_env=False, timeout=30
    ) as client:
        yield client
