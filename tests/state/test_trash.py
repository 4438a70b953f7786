"""state/trash.py: kept before it is destroyed (law 4)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from jatossync.core.model import Content
from jatossync.state.trash import Trash

DATA = b"somebody's edit"


def kept_files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def test_kept_bytes_are_found_by_their_digest(tmp_path: Path) -> None:
    content = Trash(str(tmp_path / "trash")).keep(iter([DATA[:4], DATA[4:]]))
    assert content == Content(len(DATA), hashlib.sha256(DATA).hexdigest(), zlib.adler32(DATA))
    kept = tmp_path / "trash" / content.sha256[:2] / content.sha256
    assert kept.read_bytes() == DATA


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    trash = Trash(str(tmp_path))
    assert trash.keep(iter([DATA])) == trash.keep(iter([DATA]))
    assert len(kept_files(tmp_path)) == 1


def test_a_download_that_breaks_off_keeps_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield DATA
        raise ConnectionError

    with pytest.raises(ConnectionError):
        Trash(str(tmp_path)).keep(broken())
    assert kept_files(tmp_path) == []
