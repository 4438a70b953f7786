"""`-q`, `-v`, `--json` and `--log-format`: the same on every command, and every exit code."""

from __future__ import annotations

import json
import signal
import socket
import subprocess

import pytest

from tests.awaiting import DEADLINE_S, wait_until
from tests.scenarios.harness import Daemon, Study

WAITING = ("status", "plan", "approve", "wait")
"""Have something to say while something waits for a person."""


def state_of(study: Study) -> str:
    return str(json.loads(study.cli("status", "--json").out)["state"])


def held(study: Study) -> Daemon:
    """A daemon that waits for a decision about seven files; all else is in sync."""
    for number in range(7):
        study.write(f"img/{number}.png", f"{number}")
    study.write("index.html", "ours")
    assert study.cli("sync", "--quiet").text == ""
    for number in range(7):
        study.put_on_jatos(f"img/{number}.png", b"theirs")
    return study.run()


def test_quiet_is_silent_where_all_is_well_and_verbose_leaves_no_file_out(study: Study) -> None:
    with held(study):
        wait_until(lambda: state_of(study) == "waiting", "it is held")
        for command in ("status", "plan", "approve", "wait", "check", "pause", "resume"):
            few, many = study.cli(command, "-q"), study.cli(command, "--verbose")
            assert few.code == many.code == (2 if command in WAITING else 0), command
            if command in WAITING:
                assert "img/6.png" in many.text, "every file is named"
                assert " more" not in many.text
            else:
                assert few.text == "", command
        for command in ("status", "plan", "approve"):
            assert "… and 2 more" in study.cli(command).text
        assert "Good to know" not in study.cli("status", "-q").text
        assert "7 files" in study.cli("approve", "-v", "img").text
        wait_until(lambda: state_of(study) == "in sync", "it is settled")
        for command in ("status", "approve", "wait"):
            said = study.cli(command, "--quiet")
            assert (said.code, said.text) == (0, ""), said.text
        resumed = json.loads(study.cli("resume", "--json").out)
        assert (resumed["state"], resumed["paused_since"]) == ("in sync", None)


@pytest.mark.parametrize(("option", "told"), [("-q", ""), ("-v", "uploaded  index.html")])
def test_run_logs_as_much_as_is_wanted(study: Study, option: str, told: str) -> None:
    study.configure(log=None)
    study.write("index.html", "1")
    running = subprocess.Popen(
        study.command("run", option), env=study.environment, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: study.cli("status").code == 0, "in sync")
    running.send_signal(signal.SIGINT)
    _, log = running.communicate(timeout=DEADLINE_S)
    assert running.returncode == 0
    assert (told in log, bool(log)) == (True, bool(told)), log


def test_a_sync_for_cron_logs_as_run_does(study: Study) -> None:
    study.write("index.html", "1")
    said = study.cli("sync", "--log-format", "json", "-q")
    assert (said.code, said.text) == (0, "")
    study.write("index.html", "2")
    said = study.cli("sync", "--log-format", "json")
    logged = [json.loads(line) for line in said.err.splitlines()]
    assert [each["path"] for each in logged if each["event"] == "uploaded"] == ["index.html"]
    assert "uploaded  index.html" not in said.out
    assert "● in sync" in said.out
    assert study.cli("sync", "--log-format", "yaml").code == 64


def test_whatever_is_wrong_with_the_world_has_its_exit_code_in_every_command(study: Study) -> None:
    study.write("index.html", "1")
    asks = ("sync", "plan", "check", "pull", "prune", "token", "open")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        study.configure(server=f"http://127.0.0.1:{nobody.getsockname()[1]}")
        for command in asks:
            assert study.cli(command).code == 69, f"{command}: nobody answers"
    study.configure(server=study.jatos.url)
    study.jatos.change_api(allowed=False)
    for command in ("run", *asks):
        assert study.cli(command).code == 77, f"{command}: JATOS refuses"
    study.token_file.write_text("jap_short\n")
    for command in ("run", "plan", "token"):
        assert study.cli(command).code == 78, f"{command}: no token"
    study.config.write_text("folder: [")
    remembers = ("status", "wait", "pause", "resume", "approve", "history", "restore", "trash")
    for command in ("run", *asks, *remembers):
        rest = {"restore": ["x"], "trash": ["list"]}.get(command, [])
        assert study.cli(command, *rest).code == 78, f"{command}: no configuration"
    for command in ("status", "pull", "trash"):
        assert study.cli(command, "--nonsense").code == 64, command
