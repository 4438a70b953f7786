"""What servers and networks do; in the end both sides are equal all the same."""

import os
import random
import time
from functools import partial
from pathlib import Path

import pytest

from tests.awaiting import wait_until
from tests.emulator.handle import Emulator
from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study, files_below


def edit_at_random(study: Study, chance: random.Random) -> None:
    """One thing that a person does to a folder."""
    known = sorted(files_below(study.folder))
    path = chance.choice(known) if known else "first.txt"
    match chance.randrange(5):
        case 0 | 1:
            study.write(
                f"{chance.choice('abc')}/{chance.randrange(30)}.html", chance.randbytes(900)
            )
        case 2:
            study.write(path, chance.randbytes(chance.randrange(1, 4000)))
        case 3:
            (study.folder / path).unlink(missing_ok=True)
        case 4 if known:
            target = study.folder / f"{chance.choice('xyz')}/{chance.randrange(30)}.css"
            target.parent.mkdir(exist_ok=True)
            (study.folder / path).rename(target)


def has(study: Study, files: dict[str, bytes]) -> bool:
    """Whether these files are on JATOS."""
    return files.items() <= study.remote().items()


def edit_for(study: Study, seconds: float, chance: random.Random) -> None:
    """A busy person."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        edit_at_random(study, chance)
        time.sleep(chance.uniform(0, 0.15))


def trouble(chance: random.Random, uuid: str) -> list[dict[str, object]]:
    """A few faults for this study's requests, and for the questions about the token."""
    kinds = ["status:503", "status:502", "status:429", "drop", "lose", "cut", "stall:700ms"]
    kinds += ["latency:200ms", "rate:20kB/s"]
    return [
        {
            "method": chance.choice(["*", "GET", "HEAD", "POST", "DELETE"]),
            "path": chance.choice([f"/studies/{uuid}/*", f"/studies/{uuid}/assets/*", "*"]),
            "times": chance.randrange(1, 4),
            "do": chance.choice(kinds),
        }
        for _ in range(chance.randrange(4))
    ]


@pytest.mark.parametrize("dialect", [pytest.param("3.8", marks=pytest.mark.long), "3.10"])
def test_random_trouble_and_random_edits_end_in_equal_sides(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    endure(jatos(dialect), tmp_path, random.Random(2), rounds=5)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("dialect", ["3.8", "3.9", "3.10"])
def test_long_random_trouble_ends_in_equal_sides(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    first_seed = int(os.environ.get("JATOSSYNC_SEED", "1"))
    for seed in range(first_seed, first_seed + 10):
        place = tmp_path / f"JATOSSYNC_SEED={seed}"  # shown by a failure
        place.mkdir()
        endure(jatos(dialect), place, random.Random(seed), rounds=40)


def endure(emulator: Emulator, place: Path, chance: random.Random, rounds: int) -> None:
    """Edits and trouble at once, then none of both."""
    study = Study(place, emulator)
    for _ in range(20):
        edit_at_random(study, chance)
    with study.run():
        study.await_equal()
        for _ in range(rounds):
            emulator.faults(trouble(chance, study.uuid))
            edit_for(study, 0.5, chance)
        emulator.faults([])
        study.await_equal()
    assert not study.trash(), "our own bytes were taken for somebody else's"


def test_edits_while_the_server_is_down_arrive_when_it_is_back(study: Study) -> None:
    chance = random.Random(4)
    for _ in range(20):
        edit_at_random(study, chance)
    with study.run() as daemon:
        study.await_equal()
        study.jatos.kill()
        edit_for(study, 1.5, chance)
        daemon.await_log("JATOS is unavailable")
        study.jatos.restart()
        study.await_equal()
        daemon.await_log("JATOS is back")


def test_run_waits_for_a_server_that_is_not_there_yet(study: Study) -> None:
    study.write("index.html", "<!doctype html>")
    study.jatos.kill()
    with study.run() as daemon:
        daemon.await_log("JATOS is unavailable")
        assert "check `server:`" in daemon.log("JATOS is unavailable")[0]["advice"]
        assert "goes on when it is back" in study.cli("status").out
        study.jatos.restart()
        study.await_equal()


@pytest.mark.long
@pytest.mark.parametrize("dialect", ["3.9", "3.10"])  # a 403 without a code, and with one
def test_a_locked_study_gets_nothing_until_it_is_unlocked(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    study.write("index.html", "<!doctype html>")
    with study.run():
        study.await_equal()
        before = study.sent()
        study.jatos.change_study(study.uuid, locked=True)
        study.write("index.html", "<!doctype html>changed")
        study.write("new.css", "new")
        wait_until(lambda: any(each.status == 403 for each in study.sent()), "the refusal")
        stored = study.stored()
        said = study.cli("plan")
        assert (said.code, "locked" in said.text) == (2, True)
        assert study.remote() == {"index.html": b"<!doctype html>"}
        assert stored == {"index.html": 1}
        assert before == study.sent()[: len(before)]
        study.jatos.change_study(study.uuid, locked=False)
        study.await_equal()


def test_a_study_locked_from_the_start_is_not_written_to_even_where_jatos_would_let_us(
    jatos: Jatos, tmp_path: Path
) -> None:
    study = Study(tmp_path, jatos("3.8"))
    study.write("index.html", "<!doctype html>")
    study.jatos.change_study(study.uuid, locked=True)
    said = study.cli("sync")
    assert (said.code, "locked" in said.text) == (2, True)
    assert not study.sent()


@pytest.mark.parametrize("dialect", ["3.10", pytest.param("3.9", marks=pytest.mark.long)])
def test_a_dead_token_stops_everything_and_a_fresh_one_goes_on(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    dying = study.jatos.add_token(expires_s=86_400)
    study.save_token(dying)
    study.write("index.html", "<!doctype html>")
    with study.run() as daemon:
        study.await_equal()
        daemon.await_log("the token expires soon")
        study.jatos.change_token(dying, active=False)
        for number in range(20):
            study.write(f"{number}.png", f"{number}")
        daemon.await_log("JATOS refuses")
        wait_until(lambda: not any(each.under_way for each in study.sent()), "the last answer")
        assert len(study.sent()) <= 1 + 8 + 2  # what was under way when the first was refused
        asked = len(study.jatos.requests())
        study.write("later.txt", "later")
        study.save_token("jap_not-a-token")
        daemon.await_log("the new token cannot be used, the old one stays")
        assert len(study.jatos.requests()) == asked
        study.save_token(study.jatos.token)
        study.await_equal()
        assert len(daemon.log("JATOS refuses")) == 1
        assert "noticed at once" in daemon.log("JATOS refuses")[0]["advice"]
        assert len(daemon.log("new token")) == len(daemon.log("the token expires soon")) == 1
    study.assert_nothing_was_sent_twice()


def test_small_saves_arrive_while_a_large_file_is_on_its_way(study: Study) -> None:
    """Larger than 32 MiB: for a smaller one a page would wait, as it may show it."""
    study.write("index.html", "<!doctype html>")
    study.jatos.faults([{"method": "POST", "path": "*.mp4", "do": "rate:10MB/s"}])
    with study.run():
        study.await_equal()
        study.write("video.mp4", random.Random(5).randbytes(36_000_000))
        wait_until(lambda: any(each.path == "video.mp4" for each in study.sent()), "the video")
        for number in range(3):  # other files each time: one alone is slowed down (core/pace.py)
            study.write(f"notes{number}.txt", f"{number}")
            study.write(f"page{number}.html", f"<!doctype html>{number}")
            small = {
                path: study.local()[path] for path in (f"notes{number}.txt", f"page{number}.html")
            }
            wait_until(partial(has, study, small), "the saves")
        assert any(each.path == "video.mp4" and each.under_way for each in study.sent())
        study.await_equal()
    study.assert_nothing_was_sent_twice()


def test_a_large_file_saved_again_while_it_is_sent_arrives_in_its_last_version(
    study: Study,
) -> None:
    study.jatos.faults([{"method": "POST", "path": "*.mp4", "times": 1, "do": "rate:5MB/s"}])
    study.write("video.mp4", random.Random(6).randbytes(30_000_000))
    with study.run():
        wait_until(lambda: any(each.path == "video.mp4" for each in study.sent()), "the video")
        study.write("video.mp4", random.Random(7).randbytes(12_000_000))
        study.await_equal()
    assert study.stored() == {"video.mp4": 1}, "a torn or outdated version was stored"


def test_a_file_that_is_written_all_the_time_never_arrives_torn(study: Study) -> None:
    page = study.write("state.json", b"0" * 400_000)
    with study.run():
        study.await_equal()
        end_s = time.monotonic() + 1.5
        number = 0
        while time.monotonic() < end_s:
            number += 1
            page.write_bytes(str(number % 10).encode() * 400_000)
            content = study.remote().get("state.json", b"")
            assert len(set(content)) <= 1, "two versions in one file"
            time.sleep(0.02)
        study.await_equal()


def test_an_upload_whose_file_is_deleted_meanwhile_is_cut_off(study: Study) -> None:
    study.jatos.faults([{"method": "POST", "path": "*.mp4", "do": "rate:3MB/s"}])
    study.write("video.mp4", random.Random(8).randbytes(60_000_000))
    with study.run():
        wait_until(lambda: any(each.path == "video.mp4" for each in study.sent()), "the video")
        (study.folder / "video.mp4").unlink()
        study.await_equal()
    assert not study.stored()
    assert study.remote() == {}
