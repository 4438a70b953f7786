"""At home on the command line: what the commands say of a daemon that runs, and of none."""

from __future__ import annotations

import json
import select
import signal
import subprocess
from typing import Any

import pytest

from tests.awaiting import DEADLINE_S, wait_until
from tests.scenarios.harness import Study, shell

MEGABYTE = 1_000_000


def status(study: Study) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(study.cli("status", "--json").out)
    return told


def held_drift(study: Study) -> str:
    """Somebody changes a file on JATOS; the id of the list that waits for a person."""
    study.put_on_jatos("task.html", b"theirs")
    assert study.cli("sync").code == 2
    (held,) = status(study)["held"]
    assert (held["kind"], [each["path"] for each in held["paths"]]) == ("drift", ["task.html"])
    return str(held["id"])


def blocked_by(study: Study, topic: str) -> list[str]:
    """What `wait`, which does not wait for its timeout, says that only a person can help."""
    said = study.cli("wait", "--json")
    told = json.loads(said.out)
    assert (said.code, told["outcome"]) == (2, "blocked"), said.text
    assert {each["topic"] for each in told["blockers"]} == {topic}
    assert ("" in told["left"], told["left_count"]) == (False, len(told["left"]))
    return [each["path"] for each in told["blockers"]]


def test_before_anything_ever_ran_all_of_them_say_so_and_make_nothing(study: Study) -> None:
    said = study.cli("status")
    assert (said.code, "nothing was compared yet" in said.out) == (2, True)
    assert "on JATOS" not in said.out, "nobody has looked"
    assert "jatossync run" in said.out
    assert status(study)["state"] == "not running"
    assert "JATOS has got nothing" in study.cli("history").out
    assert json.loads(study.cli("history", "--json").out) == []
    assert study.cli("approve").code == 0
    said = study.cli("wait")
    assert (said.code, "jatossync run" in said.err) == (1, True)
    assert not study.state.exists()


def test_status_follows_what_happens_and_its_exit_code_too(study: Study) -> None:
    study.write("js/task.js", "1")
    with study.run():
        study.await_equal()
        said = study.cli("status")
        assert (said.code, "in sync, verified" in said.out) == (0, True)
        told = status(study)
        assert (told["in_sync"], told["files"], told["folder"]) == (True, 1, str(study.folder))
        assert told["server"] == study.jatos.url
        assert told["title"]
        study.jatos.faults([{"do": "status:503"}])
        study.write("js/task.js", "2")
        wait_until(lambda: status(study)["state"] == "offline", "offline")
        said = study.cli("status")
        assert (said.code, "1 to go" in said.out) == (2, True)
        study.jatos.faults([])
        wait_until(lambda: study.cli("status").code == 0, "in sync again")
    said = study.cli("status")
    assert (said.code, "not running" in said.out, "in sync" in said.out) == (2, True, True)
    assert status(study)["ended"] == "in sync"


def test_status_watches_until_it_is_interrupted(study: Study) -> None:
    study.write("a.html", "1")
    with study.run():
        study.await_equal()
        watching = subprocess.Popen(
            study.command("status", "--watch", "--json"),
            cwd=study.place,
            env=study.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["in_sync"]
        assert not select.select([watching.stdout], [], [], 2.5)[0], "nothing changes"
        assert study.cli("pause").code == 0
        assert json.loads(watching.stdout.readline())["state"] == "paused"
        watching.send_signal(signal.SIGINT)
        assert watching.wait(DEADLINE_S) == 0, "paused with nothing piled up is in sync"
        watching.stdout.close()


def test_wait_returns_when_what_was_saved_before_is_there(study: Study) -> None:
    study.configure(watch={"quiet": "30s", "max_wait": "60s"})
    study.write("index.html", "0")
    with study.run():
        study.await_equal()
        for n in range(1, 6):
            study.write("index.html", f"{n}")
            study.write(f"js/{n}.js", f"{n}")
            said = study.cli("wait")
            assert said.code == 0, said.text
            assert study.in_step()
        study.write("index.html", "last")
        (study.folder / "js" / "1.js").unlink()
        assert study.cli("wait", "study/index.html", "--json").code == 0
        assert study.remote()["index.html"] == b"last"


def test_wait_says_at_once_where_only_a_person_can_help(study: Study) -> None:
    study.write("index.html", "1")
    study.write("secret/.env", "PASSWORD=1")
    study.stays_here = {"secret/.env"}
    with study.run():
        study.await_equal()
        assert study.cli("pause").code == 0
        assert study.cli("wait").code == 0, "nothing to wait for"
        study.write("index.html", "2")
        assert blocked_by(study, "paused")
        assert "1 change waits." in study.cli("pause").text
        assert study.cli("resume").code == 0
        study.jatos.faults([{"method": "POST", "path": "*refused.html", "do": "status:500"}])
        study.write("refused.html", "1")
        assert blocked_by(study, "refused") == ["refused.html"]
        said = study.cli("wait", "study/secret")
        assert (said.code, "no file of it takes part" in said.text) == (2, True)
        study.jatos.faults([])
        study.jatos.change_study(study.uuid, locked=True)
        study.write("index.html", "3")
        wait_until(lambda: status(study)["state"] == "locked", "the lock is noticed")
        assert blocked_by(study, "locked")
        study.jatos.change_study(study.uuid, locked=False)


def test_wait_ends_with_what_is_missing(study: Study) -> None:
    study.configure(watch={"quiet": "30s", "max_wait": "60s"})
    study.write("index.html", "1")
    with study.run() as daemon:
        study.await_equal()
        study.jatos.faults([{"method": "POST", "do": "stall:60s"}])
        study.write("index.html", "2")
        said = study.cli("wait", "--timeout", "500ms")
        assert (said.code, "after" in said.out, "index.html" in said.out) == (2, True, True)
        study.write("later.html", "1")
        waiting = subprocess.Popen(
            study.command("wait"), cwd=study.place, env=study.environment, stdout=subprocess.PIPE
        )
        hurried = "nobody but `wait` makes it go before its time"
        wait_until(lambda: any(each.path == "later.html" for each in study.sent()), hurried)
        daemon.process.send_signal(signal.SIGINT)
        out, _ = waiting.communicate(timeout=DEADLINE_S)
        assert (waiting.returncode, b"the jatossync that ran ends" in out) == (2, True), out
        assert daemon.ended() == 0
        (stopped,) = daemon.log("stopped")
        assert "index.html" in stopped["reason"]
        assert "the next start goes on" in stopped["reason"]
        study.jatos.faults([])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("wait", "--timeout", "60"), "has no unit"),
        (("wait", "--timeout", "soon"), "is no duration"),
        (("wait", "/etc/passwd"), "not in the study folder"),
        (("history", "--since", "yesterday"), "is no time"),
        (("history", "../other"), "not in the study folder"),
        (("approve", "/etc/passwd"), "not in the study folder"),
        (("status", "--wach"), "--watch"),
        (("pause", "now"), "unexpected extra argument"),
    ],
)
def test_a_command_line_that_is_wrong_is_explained(
    study: Study, arguments: tuple[str, ...], said: str
) -> None:
    got = study.cli(*arguments)
    assert (got.code, said in got.text) == (64, True), got.text


def test_a_path_that_is_nowhere_is_no_success(study: Study) -> None:
    study.write("index.html", "1")
    with study.run():
        study.await_equal()
        said = study.cli("wait", "study/indx.html")
        assert (said.code, "misspelt" in said.err) == (1, True)


def test_pause_outlives_a_restart_and_still_reads(study: Study) -> None:
    study.write("index.html", "1")
    with study.run():
        study.await_equal()
    said = study.cli("pause")
    assert (said.code, "the next one begins paused" in said.text) == (0, True)
    study.write("index.html", "2")
    study.write("new.html", "1")
    sent = len(study.sent())
    with study.run():
        wait_until(lambda: status(study)["pending"] == 2, "both are noticed")
        said = study.cli("status")
        assert (said.code, "paused since" in said.out, "2 to go" in said.out) == (2, True, True)
        said = study.cli("pause", "--json")
        assert json.loads(said.out)["state"] == "paused"
    said = study.cli("sync")
    assert (said.code, "jatossync resume" in said.text) == (2, True)
    assert study.cli("plan").code == 2
    assert len(study.sent()) == sent, "paused: nothing is sent"
    with study.run():
        said = study.cli("resume")
        assert said.code == 0
        study.await_equal()
        assert status(study)["paused_since"] is None


def test_a_pause_before_the_first_start_is_seen(study: Study) -> None:
    assert study.cli("pause").code == 0
    said = study.cli("status")
    assert (said.code, "paused since" in said.text) == (2, True)
    assert status(study)["paused_since"]
    assert study.cli("resume").code == 0
    assert "paused" not in study.cli("status").text


def test_approve_lets_happen_what_waits_with_and_without_a_daemon(study: Study) -> None:
    study.write("task.html", "ours")
    assert study.cli("sync").code == 0
    id_ = held_drift(study)
    said = study.cli("approve")
    assert (said.code, f"jatossync approve {id_}" in said.out) == (2, True)
    said = study.cli("approve", "ffff")
    assert (said.code, "ffff" in said.err) == (1, True)
    said = study.cli("approve", "--all")
    assert (said.code, "Nothing to approve" in said.out) == (0, True), "drift is in no --all"
    assert f"jatossync approve {id_}" in said.out, "but it is named"
    assert study.cli("approve", "--all", "-q").out == said.out
    with study.run():
        wait_until(lambda: status(study)["state"] == "waiting", "both sides were compared")
        said = study.cli("wait")
        assert (said.code, "task.html" in said.out) == (2, True)
        said = study.cli("approve", id_)
        assert (said.code, "task.html" in said.out) == (0, True)
        wait_until(lambda: study.remote() == {"task.html": b"ours"}, "ours is there again")
        wait_until(lambda: study.cli("status").code == 0, "in sync")
    assert b"theirs" in study.trash()
    held_drift(study)
    said = study.cli("approve", "study/task.html", "--json")
    assert said.code == 0
    (approved,) = json.loads(said.out)["approved"]
    assert (approved["path"], approved["kind"]) == ("task.html", "drift")
    assert study.remote() == {"task.html": b"theirs"}, "without a daemon nothing happens yet"
    assert study.cli("sync").code == 0
    assert study.remote() == {"task.html": b"ours"}


def test_history_tells_what_went_up_and_from_which_commit(study: Study) -> None:
    shell(
        "git init -q . && git config user.email a@b && git config user.name A && "
        "echo 1 > js.js && git add -A && git commit -qm one",
        study.folder,
    )
    assert study.cli("sync").code == 0
    study.write("js.js", "two")
    study.write("x/page.html", "<p>")
    with study.run():
        wait_until(lambda: len(study.acknowledged()) == 3, "both are in the history")
        told = json.loads(study.cli("history", "--json").out)
    assert [(each["verb"], each["path"]) for each in told] == [
        ("upload", "js.js"),
        ("upload", "js.js"),
        ("upload", "x/page.html"),
    ]
    assert len({each["burst"] for each in told}) == 2
    assert told[0]["git_commit"]
    assert len(told[0]["sha256"]) == 64
    said = study.cli("history", "study/x")
    assert (said.code, "page.html" in said.out, "js.js" in said.out) == (0, True, False)
    assert f"commit {told[0]['git_commit'][:10]}" in study.cli("history").out
    assert "page.html" in study.cli("history", "--since", "1h").out
    for none in (("--since", "2100-01-01"), ("study/nowhere",)):
        said = study.cli("history", *none)
        assert (said.code, "Nothing of that" in said.out) == (0, True), said.text


def test_a_burst_of_many_files_is_a_summary_and_not_a_line_each(study: Study) -> None:
    study.configure(log={"level": "info"})
    for n in range(120):
        study.write(f"pics/{n}.png", f"{n}")
    with study.run() as daemon:
        study.await_equal()
        daemon.await_log("uploaded more")
        assert len(daemon.log("uploaded")) == 20
        assert sum(each["files"] for each in daemon.log("uploaded more")) == 100


def test_a_daemon_that_was_killed_is_not_taken_for_one_that_runs(study: Study) -> None:
    study.write("index.html", "1")
    with study.run() as daemon:
        study.await_equal()
        wait_until(lambda: study.cli("status").code == 0, "in sync")
        daemon.kill()
    assert (study.state / "control.sock").exists()
    assert status(study)["state"] == "not running"
    assert study.cli("wait").code == 1
    with study.run():
        wait_until(lambda: study.cli("status").code == 0, "it answers again")


def test_what_is_read_by_scripts_is_json(study: Study) -> None:
    study.write("index.html", "1")
    planned = json.loads(study.cli("plan", "--json").out)
    assert planned["changes"] == [{"verb": "upload", "path": "index.html", "size": 1}]
    checked = study.cli("check", "--json")
    told = json.loads(checked.out)
    assert (told["code"], checked.code) == (0, 0)
    assert all(each["ok"] for each in told["checks"])
    synced = json.loads(study.cli("sync", "--json").out)
    assert (synced["uploaded"], synced["status"]["in_sync"]) == (1, True)
    study.configure(study="999")
    checked = study.cli("check", "--json")
    told = json.loads(checked.out)
    assert checked.code == told["code"] == 78
    assert {each["uuid"] for each in told["studies"]} >= {study.uuid}


def test_every_help_has_an_example(study: Study) -> None:
    for name in ("status", "wait", "pause", "resume", "approve", "history"):
        said = study.program([*study.command(name)[:4], "--help"])
        assert said.code == 0
        assert f"jatossync {name}" in said.out.split("Example")[1]
        assert max(map(len, said.out.splitlines())) <= 80


def test_a_large_upload_is_shown_with_how_far_it_is(study: Study) -> None:
    study.jatos.faults([{"method": "POST", "path": "*.mp4", "do": "rate:2MB/s"}])
    study.write("video.mp4", bytes(20 * MEGABYTE))
    with study.run():
        wait_until(lambda: bool(status(study)["sending"]), "it is under way")
        wait_until(lambda: status(study)["sending"][0]["sent"] > MEGABYTE, "a part of it is sent")
        assert "video.mp4" in study.cli("status").out
        study.jatos.faults([])
        (study.folder / "video.mp4").unlink()
        study.await_equal()
