"""state/refusals.py: why JATOS does not take some paths outlives the process."""

from __future__ import annotations

from pathlib import Path

from jatossync.core.actions import Delete, Upload
from jatossync.core.jobs import Refused
from jatossync.core.model import Content, Entry, Kind
from jatossync.core.paths import RelPath
from jatossync.core.refusals import Refusals
from jatossync.state.store import Store

CONTENT = Content(3, "a" * 64, 7)
UPLOAD = Upload(RelPath("ä+ b.txt"), Entry(Kind.FILE, content=CONTENT), CONTENT)
DELETE = Delete(RelPath("d/e.txt"), frozenset([CONTENT]))


def test_what_was_refused_is_known_to_the_next_process(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    known = Refusals(store.refusals)
    known.refuse(UPLOAD, Refused("413"), "1.1.0")
    known.refuse(UPLOAD, Refused("413 again"), "1.1.0")
    known.refuse(DELETE, Refused("a key is in it", for_good=True), "1.0.1")
    store.close()
    store = Store(str(tmp_path))
    later = Refusals(store.refusals)
    assert set(later) == {UPLOAD.path, DELETE.path}
    assert later[UPLOAD.path].reason == "413 again"
    assert later[UPLOAD.path].times == 2
    assert later.of(UPLOAD)
    assert not later.forbids(UPLOAD)
    assert later.forbids(DELETE)
    store.close()


def test_what_ended_is_gone_for_the_next_process(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    known = Refusals(store.refusals)
    known.refuse(UPLOAD, Refused("413"), "1.1.0")
    known.refuse(DELETE, Refused("400"), "1.0.1")
    known.end_of_other_versions("1.1.0")
    assert set(known) == {UPLOAD.path}
    known.end(UPLOAD.path)
    known.end(UPLOAD.path)
    assert store.refusals.all() == []
    store.close()


def test_other_bytes_under_the_same_name_are_not_what_was_refused(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    known = Refusals(store.refusals)
    known.refuse(UPLOAD, Refused("a token", for_good=True), "1.1.0")
    other = Content(3, "b" * 64, 7)
    assert not known.forbids(Upload(UPLOAD.path, UPLOAD.entry, other))
    assert not known.forbids(Delete(UPLOAD.path, frozenset([CONTENT])))
    store.close()
