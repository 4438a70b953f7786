"""The one value that says whether both sides are in sync, and its JSON form."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from jatossync.core.actions import Hold, HoldKind, Note, Topic, Upload
from jatossync.core.jobs import Stop, Stopped, Unavailable
from jatossync.core.model import Seen
from jatossync.core.paths import RelPath
from jatossync.core.ports import Settings
from jatossync.core.status import (
    MOMENTS,
    Moments,
    Place,
    State,
    Status,
    from_json,
    never_ran,
    one_line,
    status,
)
from jatossync.core.upkeep import Progress
from jatossync.core.watching import Watching
from jatossync.state.store import Store
from tests.engine.world import SERVER, World

PLACE = Place(
    server="https://jatos.example.org",
    folder="/home/ada/stroop",
    study="42",
    since=500.0,
    files=2,
    paused_since=None,
    uploads={RelPath("a.html"): Progress(RelPath("a.html"), 10, 3, 1.5)},
)

SCHEMA = {
    "version": int,
    "state": str,
    "in_sync": bool,
    "ended": (str, type(None)),
    "at": float,
    "since": float,
    "server": str,
    "folder": str,
    "study": str,
    "study_id": (int, type(None)),
    "title": (str, type(None)),
    "token_expires_at": (float, type(None)),
    "watching": {
        "mode": str,
        "why": str,
        "advice": str,
        "interval_s": (float, type(None)),
    },
    "verified_at": (float, type(None)),
    "can_list": bool,
    "files": int,
    "pending": int,
    "unanswered": int,
    "pending_bytes": int,
    "sending": [
        {
            "path": str,
            "sent": int,
            "size": int,
            "bytes_per_s": int,
            "left_s": (float, type(None)),
        }
    ],
    "paused_since": (float, type(None)),
    "trouble": {"kind": str, "reason": str, "since": (float, type(None))},
    "folder_trouble": (str, type(None)),
    "held": [
        {
            "id": str,
            "kind": str,
            "reason": str,
            "at": float,
            "paths": [{"path": str, "reason": str}],
        }
    ],
    "remarks": [{"path": str, "topic": str, "reason": str}],
}
"""What scripts rely on: fields may be added, none may go or change (raise VERSION then)."""


@pytest.fixture
def world(tmp_path: object) -> World:
    world = World(Store(str(tmp_path), clock=lambda: 777.0), Settings(quiet_s=1.0))
    world.save("a.html", b"aaaaa")
    world.settle()
    return world


def told(world: World, place: Place = PLACE) -> Status:
    engine = world.engine
    at = world.now_s + 10_000
    return status(engine.link, engine.report, engine.work, place, wall=lambda s: s + 10_000, at=at)


def clock(at: float) -> str:
    return f"T{at:.0f}"


def conforms(value: object, schema: object, where: str = "") -> None:
    if isinstance(schema, dict):
        if where in (".watching", ".trouble") and value is None:
            return
        assert isinstance(value, dict), where
        assert value.keys() == schema.keys(), where
        for key, inner in schema.items():
            conforms(value[key], inner, f"{where}.{key}")
    elif isinstance(schema, list):
        assert isinstance(value, list), where
        for each in value:
            conforms(each, schema[0], f"{where}[]")
    else:
        assert isinstance(value, schema), f"{where} is {value!r}"  # type: ignore[arg-type]


def full(world: World) -> Status:
    """With something in every field."""
    report = world.engine.report
    report.watching = Watching("poll", "a network folder", "", 5.0)
    report.notes[RelPath("e.txt")] = Note(RelPath("e.txt"), Topic.EMPTY, "empty")
    hold = Hold(RelPath("h.txt"), HoldKind.DRIFT, "changed on JATOS", Seen(1))
    report.held.hold(hold, 1, world.now_s)
    world.latency_s = lambda job: 100.0
    world.save("a.html", b"bbbbbbb")
    world.latency_s = lambda job: 0.0 if type(job).__name__ != "Upload" else 100.0
    world.wait(5)
    world.engine.link.trouble = Unavailable("down")
    world.engine.link.trouble_since_s = world.now_s - 60
    return replace(told(world), folder_trouble="gone", paused_since=3.0, token_expires_at=5.0)


def test_its_json_has_the_documented_form_and_comes_back_as_it_was(world: World) -> None:
    for each in (told(world), full(world), never_ran("https://x", "/f", "42", 1.0, 0.5)):
        form = json.loads(json.dumps(each.to_json()))
        conforms(form, SCHEMA)
        assert from_json(form) == each
    assert full(world).sending
    assert full(world).held[0].paths[0].path == "h.txt"


def test_a_form_of_another_version_is_an_error_and_no_status(world: World) -> None:
    form = told(world).to_json()
    del form["pending"]
    with pytest.raises(KeyError):
        from_json(form)


def test_in_sync_says_when_both_sides_were_compared_last(world: World) -> None:
    now = told(world)
    assert (now.state, now.in_sync) == ("in sync", True)
    assert now.verified_at is not None
    assert one_line(now, clock) == f"in sync, verified {clock(now.verified_at)}"


def test_a_routine_look_is_no_reason_to_be_out_of_sync(world: World) -> None:
    world.latency_s = lambda job: 2.0
    while not world.running:
        world.wait(1.0)
    assert told(world).in_sync


def test_a_change_that_was_just_noticed_is(world: World) -> None:
    world.save("a.html", b"new")
    assert (told(world).state, told(world).in_sync) == ("working", False)
    assert one_line(told(world), clock) == "1 to go"


def test_what_jatos_may_yet_act_on_is_said_and_is_not_in_sync(world: World) -> None:
    world.trouble = lambda job: Unavailable("cut") if isinstance(job, Upload) else None
    world.save("b.html", b"old")
    world.wait(1.5)
    world.trouble = lambda job: None
    world.save("b.html", b"new")
    world.wait(10)
    now = told(world)
    assert (now.state, now.in_sync, now.pending) == ("working", False, 1)
    assert one_line(now, clock) == "1 sent without an answer, looked at again soon"
    world.settle()
    assert told(world).in_sync


def test_a_start_compares_before_it_says_anything_else(tmp_path: object) -> None:
    world = World(Store(str(tmp_path)))
    world.latency_s = lambda job: 1.0
    assert told(world).state == "starting"
    world.wait(1.5)
    assert told(world).state == "comparing"
    world.settle()
    assert told(world).in_sync


@pytest.mark.parametrize(
    ("trouble", "state", "line"),
    [
        (Unavailable("refused"), "offline", "JATOS is away since T10900, 1 to go"),
        (Stopped(Stop.TOKEN, "expired"), "stopped", "JATOS refuses since T10900, 1 to go"),
        (Stopped(Stop.LOCKED, "locked"), "locked", "the study is locked since T10900, 1 to go"),
    ],
)
def test_what_keeps_everything_is_said_first(
    world: World, trouble: Unavailable | Stopped, state: State, line: str
) -> None:
    world.save("a.html", b"new")
    world.engine.link.trouble, world.engine.link.trouble_since_s = trouble, 900.0
    now = told(world)
    assert (now.state, now.in_sync) == (state, False)
    assert one_line(now, clock) == line


def test_a_moment_stays_when_it_was_though_clocks_drift_and_computers_sleep() -> None:
    moments = Moments()
    assert moments.wall(100.0, now_s=101.0, at=5001.0) == 5000.0
    assert moments.wall(100.0, now_s=102.0, at=5002.000003) == 5000.0
    assert moments.wall(100.0, now_s=103.0, at=9003.0) == 5000.0, "an hour of sleep"
    for later in range(101, 101 + MOMENTS):
        moments.wall(float(later), now_s=200.0, at=9100.0)
        assert moments.wall(100.0, now_s=200.0, at=9100.0) == 5000.0, "it is still asked for"
    assert moments.wall(101.0, now_s=201.0, at=9201.0) == 9101.0, "forgotten: nobody asked"


def test_a_folder_that_cannot_be_used_is_not_in_sync(world: World) -> None:
    assert told(world).in_sync
    world.engine.root_lost("it is gone", world.now_s)
    assert (told(world).state, told(world).in_sync) == ("folder", False)


def test_trouble_began_when_the_first_of_it_was_noticed(world: World) -> None:
    world.server = Unavailable("down")
    world.engine.link.refresh(world.now_s)
    began_s = world.now_s
    world.wait(500)
    trouble = told(world).trouble
    assert trouble is not None
    assert trouble.since == began_s + 10_000
    world.server = SERVER
    world.settle()
    assert told(world).trouble is None


def test_pause_is_said_with_what_has_piled_up(world: World) -> None:
    world.engine.paused = True
    place = replace(PLACE, paused_since=60.0)
    assert told(world, place).in_sync, "nothing has piled up"
    world.save("a.html", b"new")
    world.wait(5)
    now = told(world, place)
    assert (now.state, now.in_sync) == ("paused", False)
    assert one_line(now, clock) == "paused since T60, 1 to go"


def test_what_needs_a_person_is_counted(world: World) -> None:
    hold = Hold(RelPath("h.txt"), HoldKind.DRIFT, "changed on JATOS", Seen(1))
    world.engine.report.held.hold(hold, 1, world.now_s)
    now = told(world)
    assert (now.state, now.in_sync) == ("waiting", False)
    assert one_line(now, clock) == "not in sync; 1 held"


def test_empty_files_and_names_no_jatos_holds_are_listed_and_do_not_count(world: World) -> None:
    for name, topic in {"e": Topic.EMPTY, "b": Topic.UNHOLDABLE, "f": Topic.FOREIGN}.items():
        world.engine.report.notes[RelPath(name)] = Note(RelPath(name), topic, "why")
    now = told(world)
    assert now.in_sync
    assert len(now.remarks) == 3
    note = Note(RelPath("u"), Topic.UNKNOWN, "unreadable")
    world.engine.report.notes[RelPath("u")] = note
    assert not told(world).in_sync
