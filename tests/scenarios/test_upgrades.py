"""JATOS is updated, and taken back, under a running jatossync: nothing is sent because of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.handle import Emulator
from tests.scenarios.harness import Study


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Emulator]:
    """A JATOS whose version changes."""
    with Emulator(tmp_path / "jatos", "3.8") as emulator:
        yield emulator


@pytest.mark.parametrize(
    "versions",
    [
        pytest.param(("3.10", "3.8"), id="up and down"),
        pytest.param(("3.9", "3.10", "3.9", "3.8", "3.10"), id="all", marks=pytest.mark.long),
    ],
)
def test_jatos_may_be_updated_and_taken_back_while_it_runs(
    changing: Emulator, tmp_path: Path, versions: tuple[str, ...]
) -> None:
    study = Study(tmp_path, changing)
    for number in range(12):
        study.write(f"{number}.png", f"picture {number}")
    study.write("only on old ones?.txt", "3.10 takes no such name")
    study.write("page.html", "<!doctype html>")
    with study.run() as daemon:
        study.await_equal()
        for version in versions:
            changing.become(version)
            study.write("page.html", f"saved with {version}")
            study.await_equal()
            said = study.cli("wait", "--timeout", "30s")
            assert said.code == 0, said.text
            assert {each.path for each in study.sent()} == {"page.html"}, version
            assert study.sent("DELETE") == []
        changing.clear_requests()
        assert not daemon.log("held")
    said = study.cli("sync")
    assert said.code == 0, said.text
    assert study.sent() == []
    assert study.in_step()
