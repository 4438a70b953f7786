"""The calls against a JATOS look-alike, in all three dialects, over real HTTP."""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from jatossync.core.actions import Rival
from jatossync.core.jobs import (
    AlreadyThere,
    Done,
    Foreign,
    NoListing,
    Overtaken,
    Refused,
    Server,
    Stop,
    Stopped,
    Unavailable,
)
from jatossync.core.model import LARGE_BYTES, SMALL_BYTES, Content, Listing, Seen
from jatossync.core.paths import BadPath, Dialect, RelPath, request_path
from jatossync.errors import ConfigError
from jatossync.remote import client
from jatossync.remote.client import Jatos
from jatossync.remote.parse import StudyHead
from jatossync.remote.token import Token
from tests.remote.conftest import Study, delete_job, token_of, upload_job
from tests.remote.files import MemoryFile, content_of
from tests.remote.test_token import GOOD

GONE = "00000000-0000-4000-8000-000000000000"
BIG = bytes(range(256)) * 2048  # 512 KiB


def go() -> None:
    return None


# --- who and what


def test_asking_tells_dialect_study_lock_and_pages(study: Study) -> None:
    study.emulator.add_component("pages/index.html")
    study.emulator.add_component("")
    study.emulator.change_study(locked=True)
    server = study.jatos.ask(study.emulator.study)
    assert isinstance(server, Server)
    assert server.study_uuid == study.emulator.study
    assert server.study_title == "Stroop"
    assert server.locked
    assert server.pages == {"pages/index.html"}
    assert server.dir_name == study.emulator.folder.name
    legacy = server.api_version.startswith("1.0")
    assert server.dialect is (Dialect.LEGACY if legacy else Dialect.ENVELOPE)


def test_a_study_is_found_by_its_number_too(study: Study) -> None:
    server = study.jatos.ask(str(study.server.study_id))
    assert isinstance(server, Server)
    assert server.study_uuid == study.emulator.study


@pytest.mark.parametrize(
    "crafted", ["", "..", "7/../8", "7/assets/x?", "７", "a" * 36, "-1", "7\n"]
)
def test_a_study_that_is_neither_uuid_nor_number_is_never_asked_for(
    study: Study, crafted: str
) -> None:
    with pytest.raises(ConfigError, match="neither a UUID nor a number"):
        study.jatos.ask(crafted)


def test_a_study_that_jatos_does_not_know_is_gone(study: Study) -> None:
    found = study.jatos.ask(GONE)
    assert isinstance(found, Stopped)
    assert found.stop is Stop.STUDY_GONE


def test_the_studies_of_the_token_are_listed_for_messages(study: Study) -> None:
    stroop = StudyHead(study.server.study_id, study.emulator.study, "Stroop", locked=False)
    assert stroop in study.jatos.studies()


# --- listing


def test_a_listing_has_all_files_and_nothing_else(study: Study) -> None:
    study.put("a/b/ö +%#?.txt" if study.server.dialect is Dialect.LEGACY else "a/b/ö +%#.txt", b"1")
    study.put("index.html", b"<p>")
    study.put(".index.html.tmp-" + GONE, b"half")
    (study.emulator.folder / "empty directory").mkdir()
    listing = study.assets.listing()
    if study.server.api_version == "1.0.0":
        assert isinstance(listing, NoListing)
        return
    assert isinstance(listing, Listing)
    assert len(listing.files) == 2
    seen = listing.files[RelPath("index.html")]
    assert (seen.size, seen.adler32, seen.sha256, seen.looked) == (
        3,
        zlib.adler32(b"<p>"),
        None,
        False,
    )
    assert seen.modified_ms


def test_an_empty_study_has_an_empty_listing(study: Study) -> None:
    listing = study.assets.listing()
    assert isinstance(listing, NoListing) or listing == Listing({})


def test_a_missing_folder_is_no_listing_but_a_missing_study_is_a_stop(study: Study) -> None:
    study.emulator.folder.rmdir()
    assert isinstance(study.assets.listing(), NoListing)
    study.emulator.delete_study()
    found = study.assets.listing()
    assert isinstance(found, Stopped)
    assert found.stop is Stop.STUDY_GONE


LISTINGS = {"method": "GET", "path": "*/assets/structure*"}


@pytest.mark.parametrize("fault", ["drop", "cut", "status:500", "status:502", "status:503"])
def test_a_listing_that_fails_for_now_is_unavailable_and_not_impossible(
    study: Study, fault: str
) -> None:
    study.put("a.txt", b"1")
    if (study.server.api_version, fault) == ("1.0.0", "cut"):
        pytest.skip("a 404 says enough, cut or not")
    study.emulator.faults([LISTINGS | {"do": fault}])
    assert isinstance(study.assets.listing(), Unavailable)


@pytest.mark.parametrize("fault", ["drop", "cut", "status:500", "status:502", "status:503"])
def test_a_listing_that_fails_once_is_asked_for_again(study: Study, fault: str) -> None:
    study.put("a.txt", b"1")
    study.emulator.faults([LISTINGS | {"times": 1, "do": fault}])
    listed = study.assets.listing()
    if study.server.api_version == "1.0.0":
        assert isinstance(listed, NoListing)
    else:
        assert isinstance(listed, Listing)


@pytest.mark.parametrize("fault", ["status:504", "status:524", "status:413"])
def test_a_listing_that_the_server_cannot_give_does_not_stop_everything(
    study: Study, fault: str
) -> None:
    study.emulator.faults([LISTINGS | {"do": fault}])
    assert isinstance(study.assets.listing(), NoListing)
    asked = [each["path"] for each in study.emulator.requests()]
    assert sum("structure" in path for path in asked) == 1


def test_a_listing_that_takes_too_long_does_not_stop_everything(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LIST_READ_S", 0.2)
    monkeypatch.setattr(client, "SLOW_S", 0.2)
    study.emulator.faults([LISTINGS | {"do": "stall:1s"}])
    listed = study.assets.listing()
    assert isinstance(listed, NoListing)
    assert "too long" in listed.reason


def test_a_listing_that_ends_with_the_server_is_unavailable_however_long_it_took(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SLOW_S", 0.0)
    study.emulator.faults([{"method": "GET", "path": "*", "do": "drop"}])
    assert isinstance(study.assets.listing(), Unavailable)


def test_a_jatos_that_cannot_list_is_named_and_asked_once(study: Study) -> None:
    listed = study.assets.listing()
    if study.server.api_version != "1.0.0":
        assert isinstance(listed, Listing)
        return
    assert listed == NoListing("This JATOS (3.8) cannot list a study's files")
    assert len(study.emulator.requests()) == 2


# --- looking and keeping


def test_a_look_at_a_small_file_identifies_it(study: Study) -> None:
    study.put("a.txt", b"theirs")
    content = content_of(b"theirs")
    assert study.assets.look(RelPath("a.txt")) == Seen(
        6, content.adler32, content.sha256, looked=True
    )


def test_a_look_at_an_empty_file_identifies_it(study: Study) -> None:
    study.put("a.txt", b"")
    assert study.assets.look(RelPath("a.txt")) == Seen(
        0, 1, hashlib.sha256().hexdigest(), looked=True
    )


def test_a_look_at_a_large_file_tells_its_size_without_reading_it(study: Study) -> None:
    study.put("film.mp4", b"x" * (SMALL_BYTES + 1))
    assert study.assets.look(RelPath("film.mp4")) == Seen(SMALL_BYTES + 1, looked=True)
    assert [request["method"] for request in study.emulator.requests()] == ["HEAD"]


def test_a_look_at_nothing_says_so_only_while_the_study_is_there(study: Study) -> None:
    assert study.assets.look(RelPath("a.txt")) == Seen(None, looked=True)
    study.emulator.delete_study()
    found = study.assets.look(RelPath("a.txt"))
    assert isinstance(found, Stopped)
    assert found.stop is Stop.STUDY_GONE


def test_a_file_named_structure_is_looked_at_through_the_listing(study: Study) -> None:
    path = RelPath("structure")
    assert study.assets.look(path) == Seen(None, looked=True)
    study.put("structure", b"theirs")
    seen = study.assets.look(path)
    assert isinstance(seen, Seen)
    assert (seen.size, seen.adler32) == (6, zlib.adler32(b"theirs"))
    kept = study.assets.keep(path, lambda pieces: content_of(b"".join(pieces)))
    has_listing = study.server.api_version != "1.0.0"
    assert isinstance(kept, Refused if has_listing else Seen)
    assert study.upload("structure", b"ours!!") == Foreign(seen)
    assert study.upload("structure", b"ours!!", b"older!") == Foreign(seen)
    assert isinstance(study.upload("structure", b"ours!!", b"theirs"), Done)


def test_bytes_that_are_kept_reach_the_store_whole(study: Study) -> None:
    study.put("film.mp4", BIG)
    stored: list[bytes] = []

    def store(pieces: Iterator[bytes]) -> Content:
        stored.extend(pieces)
        return content_of(b"".join(stored))

    content = content_of(BIG)
    expected = Seen(len(BIG), content.adler32, content.sha256, looked=True, kept=True)
    assert study.assets.keep(RelPath("film.mp4"), store) == expected
    assert b"".join(stored) == BIG


def test_bytes_that_are_cut_off_on_their_way_are_never_kept(study: Study) -> None:
    study.put("film.mp4", BIG)
    study.emulator.faults([{"method": "GET", "path": "*/film.mp4", "do": "cut"}])
    finished: list[bool] = []

    def store(pieces: Iterator[bytes]) -> Content:
        content = content_of(b"".join(pieces))
        finished.append(True)
        return content

    assert isinstance(study.assets.keep(RelPath("film.mp4"), store), Unavailable)
    assert finished == []


def test_a_trash_that_cannot_take_the_bytes_refuses_the_path_only(study: Study) -> None:
    study.put("a.txt", b"theirs")

    def full_disk(pieces: Iterator[bytes]) -> Content:
        raise OSError(28, "No space left on device")

    kept = study.assets.keep(RelPath("a.txt"), full_disk)
    assert isinstance(kept, Refused)
    assert "No space left" in kept.reason


def test_a_store_that_did_not_take_all_bytes_has_kept_nothing(study: Study) -> None:
    study.put("film.mp4", BIG)
    kept = study.assets.keep(RelPath("film.mp4"), lambda pieces: content_of(next(pieces)))
    assert isinstance(kept, Refused)


def test_nothing_to_keep_is_absence_only_while_the_study_is_there(study: Study) -> None:
    def keep() -> object:
        return study.assets.keep(RelPath("a.txt"), lambda pieces: content_of(b"".join(pieces)))

    assert keep() == Seen(None, looked=True)
    study.emulator.delete_study()
    assert stop_of(keep()) is Stop.STUDY_GONE


# --- uploading


def test_a_new_file_arrives_byte_for_byte(study: Study) -> None:
    for data in (b"x", b"<p>ok</p>\r\n", BIG):
        done = study.upload("new dir/ä+%20#&.bin", data, BIG, b"x", b"<p>ok</p>\r\n")
        assert isinstance(done, Done)
        assert done.seconds > 0
        assert study.emulator.files() == {"new dir/ä+%20#&.bin": data}


def test_creating_and_replacing_are_told_apart_where_jatos_does(study: Study) -> None:
    created, replaced = study.upload("a.txt", b"1"), study.upload("a.txt", b"2", b"1")
    assert isinstance(created, Done)
    assert isinstance(replaced, Done)
    assert created.created is (study.server.dialect is Dialect.ENVELOPE)
    assert not replaced.created


def test_bytes_that_lie_there_already_are_not_sent_again(study: Study) -> None:
    study.put("a.txt", b"same")
    assert study.upload("a.txt", b"same") == AlreadyThere()
    assert study.upload("a.txt", b"same", b"same", b"older") == AlreadyThere()
    assert study.wrote() == []


def test_foreign_bytes_are_never_overwritten(study: Study) -> None:
    study.put("a.txt", b"theirs")
    found = study.upload("a.txt", b"ours", b"our old one")
    assert isinstance(found, Foreign)
    assert found.seen.sha256 == content_of(b"theirs").sha256
    study.put("film.mp4", BIG)
    assert study.upload("film.mp4", b"ours", BIG + b"!") == Foreign(Seen(len(BIG), looked=True))
    assert study.wrote() == []


def test_our_own_older_bytes_are_replaced_small_and_large(study: Study) -> None:
    study.put("a.txt", b"old")
    study.put("film.mp4", BIG)
    assert isinstance(study.upload("a.txt", b"new", b"older", b"old"), Done)
    assert isinstance(study.upload("film.mp4", b"new", BIG), Done)
    assert study.emulator.files() == {"a.txt": b"new", "film.mp4": b"new"}


@pytest.mark.parametrize(("lies_there", "result"), [(b"A", Done), (b"B", Foreign)])
def test_what_has_the_size_of_another_spellings_bytes_is_replaced_only_if_it_is_our_own(
    study: Study, lies_there: bytes, result: type
) -> None:
    """Law 3: where JATOS takes two names for one, what lies there may be the other file."""
    ours, theirs = b"A" * len(BIG), b"B" * len(BIG)
    study.put("film.mp4", lies_there * len(BIG))
    rivals = frozenset([Rival(RelPath("Film.mp4"), content_of(theirs))])
    job = replace(upload_job("film.mp4", content_of(b"new"), ours), rivals=rivals)
    sent = study.assets.upload(job, MemoryFile(b"new"), lambda: False, lambda _bytes: None)
    assert isinstance(sent, result)


def test_a_save_of_a_small_file_costs_two_requests(study: Study) -> None:
    study.put("a.txt", b"old")
    study.upload("a.txt", b"new", b"old")
    assert [request["method"] for request in study.emulator.requests()] == ["GET", "POST"]


def test_without_a_look_only_the_upload_is_sent(study: Study) -> None:
    assert isinstance(study.upload("a.txt", b"new", look=False), Done)
    assert [request["method"] for request in study.emulator.requests()] == ["POST"]


def test_a_file_that_changes_while_it_is_sent_is_not_stored(study: Study) -> None:
    file = MemoryFile(BIG)
    file.at(len(BIG) - 1, lambda: setattr(file, "same", False))
    job = upload_job("film.mp4", content_of(BIG), look=False)
    found = study.assets.upload(job, file, lambda: False, lambda _bytes: None)
    assert isinstance(found, Overtaken)
    assert study.emulator.files() == {}
    assert isinstance(study.upload("film.mp4", BIG), Done)


def test_an_upload_that_is_stopped_is_not_stored(study: Study) -> None:
    taken: list[int] = []
    job = upload_job("film.mp4", content_of(BIG), look=False)
    found = study.assets.upload(job, MemoryFile(BIG), lambda: bool(taken), taken.append)
    assert isinstance(found, Overtaken)
    assert "stopped" in found.reason
    assert study.emulator.files() == {}


def test_a_file_of_another_size_than_planned_sends_nothing(study: Study) -> None:
    job = upload_job("a.txt", content_of(b"planned"), look=False)
    found = study.assets.upload(job, MemoryFile(b"x"), lambda: False, lambda _bytes: None)
    assert isinstance(found, Overtaken)
    assert study.emulator.requests() == []


def test_a_file_with_a_token_in_it_is_refused_for_good(study: Study) -> None:
    found = study.upload("config.js", b"const t = '" + GOOD.encode() + b"'")
    assert isinstance(found, Refused)
    assert found.for_good
    assert GOOD not in found.reason
    assert study.emulator.files() == {}


def test_an_upload_whose_answer_was_lost_is_recognised_by_the_next_look(study: Study) -> None:
    study.emulator.faults([{"method": "POST", "path": "*", "times": 1, "do": "lose"}])
    assert isinstance(study.upload("a.txt", b"new"), Unavailable)
    assert study.upload("a.txt", b"new") == AlreadyThere()


@pytest.mark.parametrize("older", [None, b"o" * 300_000])
def test_a_large_upload_whose_answer_was_lost_is_recognised_without_sending_it_again(
    study: Study, older: bytes | None
) -> None:
    data = b"n" * 300_000
    if older is not None:
        study.put("a.mp4", older)
    ours = () if older is None else (older,)
    study.emulator.faults([{"method": "POST", "path": "*/a.mp4", "times": 1, "do": "lose"}])
    assert isinstance(study.upload("a.mp4", data, *ours), Unavailable)
    study.emulator.clear_requests()
    assert study.upload("a.mp4", data, *ours, data) == AlreadyThere()
    assert study.wrote() == []


def test_a_large_upload_that_did_not_arrive_is_sent_again(study: Study) -> None:
    older, data = b"o" * 300_000, b"n" * 300_000
    study.put("a.mp4", older)
    assert isinstance(study.upload("a.mp4", data, older, data), Done)
    assert study.emulator.files()["a.mp4"] == data


def test_before_a_large_upload_a_lock_is_noticed(study: Study) -> None:
    study.emulator.change_study(locked=True)
    found = study.upload("film.mp4", bytes(LARGE_BYTES + 1))
    assert isinstance(found, Stopped)
    assert found.stop is Stop.LOCKED
    assert study.wrote() == []


def test_a_lock_stops_writing_where_jatos_enforces_it(study: Study) -> None:
    study.put("a.txt", b"old")
    study.emulator.change_study(locked=True)
    if study.server.api_version == "1.0.0":
        pytest.skip("3.8 does not enforce locks: the engine honours `locked`")
    for found in (
        study.upload("a.txt", b"new", b"old"),
        study.assets.delete(delete_job("a.txt", b"old"), go),
    ):
        assert isinstance(found, Stopped)
        assert found.stop is Stop.LOCKED
    assert study.emulator.files() == {"a.txt": b"old"}


def test_a_file_over_the_servers_limit_is_refused_alone(study: Study) -> None:
    study.emulator.change_api(max_body_bytes=1000)
    found = study.upload("film.mp4", BIG)
    assert isinstance(found, Refused)
    assert "413" in found.reason
    assert "2,048 MB" in found.reason
    assert isinstance(study.upload("a.txt", b"small"), Done)


def test_a_file_over_two_gigabytes_is_refused_before_any_request(study: Study) -> None:
    job = upload_job("film.mp4", Content(2**31, "0" * 64, 1))
    file = MemoryFile(b"")
    file.size = 2**31  # and nobody reads it
    found = study.assets.upload(job, file, lambda: False, lambda _bytes: None)
    assert isinstance(found, Refused)
    assert found.for_good
    assert "2,048 MB" in found.reason
    assert study.emulator.requests() == []


def test_a_file_below_a_file_is_refused_alone(study: Study) -> None:
    study.put("a", b"a file")
    found = study.upload("a/b.txt", b"1")
    assert isinstance(found, Refused)
    assert "JATOS" in found.reason


# --- deleting


def test_a_file_is_deleted_when_it_holds_our_bytes(study: Study) -> None:
    study.put("a b+.txt", b"ours")
    assert isinstance(study.assets.delete(delete_job("a b+.txt", b"ours"), go), Done)
    assert study.emulator.files() == {}


def test_foreign_bytes_are_never_deleted(study: Study) -> None:
    study.put("a.txt", b"theirs")
    found = study.assets.delete(delete_job("a.txt", b"ours"), go)
    assert isinstance(found, Foreign)
    assert study.wrote() == []


def test_the_guard_is_asked_last_and_can_prevent_the_delete(study: Study) -> None:
    study.put("a.txt", b"ours")
    order: list[list[str]] = []

    def may() -> str:
        order.append([request["method"] for request in study.emulator.requests()])
        return "it is back"

    found = study.assets.delete(delete_job("a.txt", b"ours"), may)
    assert found == Overtaken("it is back")
    assert order == [["GET"]]
    assert study.emulator.files() == {"a.txt": b"ours"}


@pytest.mark.parametrize("look", [True, False])
def test_a_delete_of_nothing_is_done_only_while_the_study_is_there(
    study: Study, look: bool
) -> None:
    assert isinstance(study.assets.delete(delete_job("a.txt", b"x", look=look), go), Done)
    study.emulator.delete_study()
    found = study.assets.delete(delete_job("a.txt", b"x", look=look), go)
    assert isinstance(found, Stopped)
    assert found.stop is Stop.STUDY_GONE


def test_a_directory_is_never_deleted(study: Study) -> None:
    study.put("d/a.txt", b"1")
    found = study.assets.delete(delete_job("d", b"1", look=False), go)
    assert isinstance(found, Refused)
    assert study.emulator.files() == {"d/a.txt": b"1"}


@pytest.mark.parametrize("crafted", ["", ".", "..", "../..", "a/../b", "a//b", "/a", "a/", "./a"])
def test_no_crafted_path_leaves_the_assets_of_the_study(study: Study, crafted: str) -> None:
    with pytest.raises(BadPath):
        study.assets.delete(delete_job(crafted, b"1", look=False), go)
    with pytest.raises(BadPath):
        study.upload(crafted, b"1", look=False)
    assert study.emulator.requests() == []


# --- refusals of everything


def stop_of(found: object) -> Stop | None:
    return found.stop if isinstance(found, Stopped) else None


def all_calls(study: Study) -> Iterator[object]:
    yield study.jatos.ask(study.emulator.study)
    yield study.assets.look(RelPath("a.txt"))
    yield study.assets.keep(RelPath("a.txt"), lambda pieces: content_of(b"".join(pieces)))
    yield study.upload("a.txt", b"new", b"old")
    yield study.upload("a.txt", b"new", look=False)
    yield study.assets.delete(delete_job("a.txt", b"old"), go)
    yield study.assets.delete(delete_job("a.txt", b"old", look=False), go)
    if study.server.api_version != "1.0.0":
        yield study.assets.listing()


def test_a_token_that_jatos_does_not_accept_stops_every_call(study: Study) -> None:
    study.put("a.txt", b"old")
    study.emulator.change_token(active=False)
    try:
        assert {stop_of(found) for found in all_calls(study)} == {Stop.TOKEN}
    finally:
        study.emulator.change_token(active=True)


def test_an_api_that_is_switched_off_stops_every_call(study: Study) -> None:
    study.put("a.txt", b"old")
    study.emulator.change_api(allowed=False)
    assert {stop_of(found) for found in all_calls(study)} == {Stop.API_OFF}


def test_a_viewer_is_told_what_is_missing_before_any_file_is_asked_for(study: Study) -> None:
    if study.server.dialect is Dialect.LEGACY:
        pytest.skip("this role came with 3.10")
    viewer = study.emulator.add_token(role="VIEWER")
    study.jatos.use(Token(viewer, "the test"))
    found = study.jatos.ask(study.server.study_uuid)
    assert isinstance(found, Stopped)
    assert found.stop is Stop.ROLE
    assert "viewer" in found.reason


def test_a_new_token_is_used_from_the_next_request_on(study: Study) -> None:
    dying = study.emulator.add_token()
    study.jatos.use(Token(dying, "the test"))
    assert isinstance(study.upload("a.txt", b"1"), Done)
    study.emulator.change_token(dying, active=False)
    assert isinstance(study.upload("b.txt", b"1"), Stopped)
    study.jatos.use(token_of(study.emulator))
    assert isinstance(study.upload("b.txt", b"1"), Done)


def test_a_refusal_of_the_old_token_says_nothing_of_the_new_one(study: Study) -> None:
    """A large file is on its way with the old one while the new one comes."""
    dying = study.emulator.add_token()
    study.jatos.use(Token(dying, "the test"))
    study.emulator.change_token(dying, active=False)
    data = b"1" * 600_000
    job = upload_job("a.bin", content_of(data), look=False)

    def renew(_sent: int) -> None:
        study.jatos.use(token_of(study.emulator))

    found = study.assets.upload(job, MemoryFile(data), lambda: False, renew)
    assert isinstance(found, Unavailable)
    assert "replaced" in found.reason


def test_a_user_who_is_no_member_stops_every_call(study: Study) -> None:
    study.put("a.txt", b"old")
    study.emulator.change_study(member=False)
    assert {stop_of(found) for found in all_calls(study)} == {Stop.NO_ACCESS}


@pytest.mark.parametrize("fault", ["drop", "status:502", "status:503", "status:504", "status:429"])
def test_trouble_of_the_server_is_unavailable_for_every_call(study: Study, fault: str) -> None:
    study.put("a.txt", b"old")
    study.emulator.faults([{"method": "*", "path": "*", "do": fault}])
    found = list(all_calls(study))
    assert {type(one) for one in found} == {Unavailable}, found


def test_a_server_that_is_not_there_is_unavailable(study: Study) -> None:
    jatos = Jatos("http://127.0.0.1:9", token_of(study.emulator), workers=1)
    found = jatos.ask(study.emulator.study)
    assert isinstance(found, Unavailable)
    assert "http://127.0.0.1:9" in found.reason
    assert not found.not_jatos
    jatos.close()


def test_the_length_of_an_address_is_known_before_it_is_sent(study: Study) -> None:
    study.put("ä.txt", b"old")
    study.assets.look(RelPath("ä.txt"))
    path = f"/jatos/api/v1/studies/{study.emulator.study}/assets/{request_path(RelPath('ä.txt'))}"
    assert study.jatos.prefix_bytes + len("%C3%A4.txt") == len(path)
