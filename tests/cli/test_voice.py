"""What all commands share: help, colours, how much is said, and from where paths are seen."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest

from jatossync.cli.main import COMMANDS
from tests.awaiting import DEADLINE_S
from tests.cli.conftest import At
from tests.cli.person import COLUMNS, user_environment
from tests.scenarios.harness import Said, Study

ESCAPE = "\x1b"


def typed(study: Study, place: Path, *arguments: str) -> Said:
    """The program in some directory of the user's."""
    done = subprocess.run(
        [sys.executable, "-m", "jatossync", *arguments],
        cwd=place,
        env=study.environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def at_home(study: Study) -> Study:
    """A study with its configuration in its folder, as `init` leaves it."""
    study.config.rename(study.folder / "jatossync.yaml")
    study.write("js/task.js", "let x = 1")
    return study


# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example_in_80_columns(name: str) -> None:
    command: click.Command = importlib.import_module(f"jatossync.cli.{name}").command
    with click.Context(command, info_name=f"jatossync {name}", terminal_width=80) as context:
        told = command.get_help(context)
    assert command.name == name
    assert all(len(line) <= 80 for line in told.splitlines()), told
    assert "jatossync" in told.partition("\n")[2], "an example"
    assert "..." not in told.partition("Commands:")[2], told


def test_help_has_a_line_for_each_command(study: Study) -> None:
    said = typed(study, study.place, "--help")
    assert said.code == 0
    assert all(about in said.out for about in COMMANDS.values())
    assert typed(study, study.place).code == 64


def test_a_command_that_is_misspelt_is_guessed(study: Study) -> None:
    said = typed(study, study.place, "snyc")
    assert said.code == 64
    assert said.err.startswith("jatossync: there is no command 'snyc'; did you mean sync?\n")
    assert "--help" in said.err


def test_an_option_before_the_command_is_told_where_it_stands(study: Study) -> None:
    said = typed(study, study.place, "--config", "jatossync.yaml", "sync")
    assert said.code == 64
    assert "options stand behind the command" in said.err


def test_a_start_that_was_refused_is_no_comparison(at_home: Study) -> None:
    at_home.jatos.change_study(at_home.uuid, member=False)
    assert typed(at_home, at_home.folder, "sync").code == 77
    said = typed(at_home, at_home.folder, "status")
    assert said.code == 2
    assert "the last start ended before anything was compared" in said.out
    assert "jatossync check" in said.out


def test_without_any_configuration_init_is_named(
    study: Study, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for command in ("sync", "check", "status", "open", "token"):
        said = typed(study, elsewhere, command)
        assert said.code == 78
        assert "jatossync init" in said.text, command


# --- colours and lines ---------------------------------------------------------------------------


def test_colours_are_for_terminals_that_want_them(at_home: Study, at: At) -> None:
    coloured = at(at_home.folder, "check")
    assert coloured.end() == 0
    assert f"{ESCAPE}[32m✓" in coloured.raw
    for unwanted in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        plain = at(at_home.folder, "check", **unwanted)
        assert plain.end() == 0
        assert f"{ESCAPE}[3" not in plain.raw
    assert ESCAPE not in typed(at_home, at_home.folder, "check").text


def test_no_message_on_a_terminal_ends_a_line_in_the_middle_of_a_word(study: Study, at: At) -> None:
    study.save_token("jap_short")
    person = at(study.place, "sync", "--config", "jatossync.yaml")
    assert person.end() == 78
    assert "My API tokens" in person.sentences
    assert all(len(line) <= COLUMNS for line in person.text.splitlines() if "/" not in line)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    "command",
    ["status", "plan --json", "sync", "check", "history", "trash list", "config schema", "--help"],
)
def test_a_full_disk_behind_standard_output_is_one_sentence(at_home: Study, command: str) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "jatossync", *command.split()],
            cwd=at_home.folder,
            env=at_home.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=DEADLINE_S,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("jatossync: what is to be told cannot be written: No space")
    assert done.stderr.count("\n") == 1, done.stderr


# --- how much ------------------------------------------------------------------------------------


def test_quiet_says_nothing_where_all_is_well_and_verbose_says_more(at_home: Study) -> None:
    said = typed(at_home, at_home.folder, "sync", "-q")
    assert (said.code, said.text) == (0, "")
    at_home.write("index.html", "<!doctype html>")
    said = typed(at_home, at_home.folder, "sync")
    assert "uploaded  index.html" in said.out
    assert "js/task.js" not in said.out
    (at_home.state / "state.sqlite3").unlink()
    assert "adopted" not in typed(at_home, at_home.folder, "sync").out
    (at_home.state / "state.sqlite3").unlink()
    assert "adopted   js/task.js" in typed(at_home, at_home.folder, "sync", "-v").out


def test_quiet_still_says_what_a_person_should_look_at(at_home: Study) -> None:
    at_home.write("broken.html", "x")
    at_home.jatos.faults([{"method": "POST", "path": "*broken*", "do": "status:413"}])
    said = typed(at_home, at_home.folder, "sync", "--quiet")
    assert said.code == 2
    assert "broken.html" in said.out


def test_many_files_are_a_number_and_not_as_many_lines(at_home: Study) -> None:
    for number in range(60):
        at_home.write(f"img/{number}.png", f"{number}")
    said = typed(at_home, at_home.folder, "sync")
    assert said.code == 0
    assert said.out.count("uploaded  ") == 50
    assert "--verbose shows every file" in said.out
    assert "61 uploads" in said.out


def test_on_a_terminal_a_bar_says_how_far_it_is(at_home: Study, at: At) -> None:
    for number in range(5):
        at_home.write(f"img/{number}.png", "x" * 1000)
    at_home.jatos.faults([{"method": "POST", "path": "*", "times": 99, "do": "latency:300ms"}])
    person = at(at_home.folder, "sync")
    person.expect("/6 files")
    assert person.end() == 0
    assert "uploaded  img/4.png" in person.text
    assert "6 uploads" in person.text


def test_what_is_drawn_anew_leaves_alone_what_has_scrolled_away(at_home: Study, at: At) -> None:
    person = at(at_home.folder, "status", "--watch")
    person.expect("nothing was compared yet")
    assert typed(at_home, at_home.folder, "sync", "-q").code == 0
    person.expect("in sync")
    person.type("\x03")
    assert person.end() == 2
    assert f"{ESCAPE}[J" in person.raw, "the screen is drawn over"
    assert f"{ESCAPE}[3J" not in person.raw
    assert person.raw.count("●") <= 3, "only when it changes"


def test_ctrl_c_says_what_was_left_undone(at_home: Study, at: At) -> None:
    at_home.jatos.faults([{"method": "POST", "path": "*", "times": 99, "do": "stall:2s"}])
    person = at(at_home.folder, "sync")
    person.expect("0/1 files")
    person.type("\x03")
    assert person.end() == 130
    assert "to go; no file is half there" in person.sentences
    assert "run it again to go on" in person.sentences


# --- where one stands ----------------------------------------------------------------------------


def test_paths_are_seen_and_given_from_where_one_stands(at_home: Study) -> None:
    js = at_home.folder / "js"
    said = typed(at_home, js, "plan")
    assert said.code == 2
    assert "upload  task.js" in said.out
    assert "uploaded  task.js" in typed(at_home, js, "sync").out
    at_home.put_on_jatos("js/task.js", b"theirs")
    said = typed(at_home, js, "sync")
    assert said.code == 2
    assert "\n  task.js" in said.out
    assert "jatossync approve" in said.out
    assert typed(at_home, js, "pull", "task.js").out.startswith("pulled    task.js")
    assert "  task.js  (" in typed(at_home, js, "trash", "list").out
    assert typed(at_home, js, "restore", "task.js").out.startswith("restored  task.js")
    assert (js / "task.js").read_text() == "let x = 1"
    assert typed(at_home, js, "restore", "../../token").code == 64


def test_a_user_without_a_home_gets_help(study: Study, tmp_path: Path) -> None:
    environment = user_environment(tmp_path / "home")
    del environment["HOME"]
    done = subprocess.run(
        [sys.executable, "-m", "jatossync", "--help"],
        env=environment,
        capture_output=True,
        timeout=DEADLINE_S,
    )
    assert done.returncode == 0
