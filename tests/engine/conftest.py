"""A world with a store of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jatossync.state.store import Store
from tests.engine.world import World


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(str(tmp_path / "state"), clock=lambda: 0.0)
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store) -> World:
    return World(store)
