"""Whose the state's files are: their owner's alone, or those of a group that was let in."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from jatossync.core.model import Content
from jatossync.state.sharing import file_mode, make_directory
from jatossync.state.store import FILE_NAME, Store
from jatossync.state.trash import Trash

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no permissions of this kind")


@pytest.fixture(params=[0o002, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def fill(state: Path) -> Content:
    Store(str(state)).close()
    return Trash(str(state / "trash"), 1000).keep([b"theirs"])


@pytest.mark.usefixtures("umask")
def test_a_state_of_ones_own_is_for_nobody_else(tmp_path: Path) -> None:
    state = tmp_path / "new" / "state"
    kept = fill(state)
    assert permissions(state) == permissions(state / "trash") == 0o700
    assert permissions(state / FILE_NAME) == 0o600
    assert permissions(state / "trash" / kept.sha256[:2] / kept.sha256) == 0o600


@pytest.mark.usefixtures("umask")
def test_in_a_shared_directory_all_is_the_groups(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o2770)
    kept = fill(state)
    assert permissions(state / FILE_NAME) == 0o660
    assert permissions(state / "trash") == 0o2770
    assert permissions(state / "trash" / kept.sha256[:2]) == 0o2770
    assert permissions(state / "trash" / kept.sha256[:2] / kept.sha256) == 0o660


def test_a_directory_that_is_writable_by_chance_is_not_shared(tmp_path: Path) -> None:
    tmp_path.chmod(0o775)
    assert file_mode(str(tmp_path)) == 0o600


def test_a_drive_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above `X:\\` stands `X:\\`."""
    monkeypatch.setattr(os.path, "dirname", lambda path: path)
    with pytest.raises(FileNotFoundError):
        make_directory("/nowhere")
