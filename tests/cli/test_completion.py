"""Tab: in real shells, and what they are told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.awaiting import DEADLINE_S
from tests.cli.person import Person
from tests.scenarios.harness import Study

TAB = "\t"
BEGIN = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(jatossync completion bash)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -U compinit; compinit -u; eval "$(jatossync completion zsh)"',
    ),
    "fish": (["fish", "--no-config", "-i"], "jatossync completion fish | source"),
}


@pytest.fixture
def studied(study: Study) -> Study:
    """A study with copies in its trash, and its configuration in its folder."""
    study.write("my page, 2.html", "ours")
    study.write("js/task.js", "let x = 1")
    study.put_on_jatos("my page, 2.html", b"theirs")
    study.put_on_jatos("js/task.js", b"let x = 2")
    assert study.cli("sync").code == 0
    assert len(study.trash()) == 2
    study.config.rename(study.folder / "jatossync.yaml")
    return study


def asked(study: Study, place: Path, *words: str, shell: str = "bash") -> list[str]:
    """What a shell is told when Tab is pressed after these words; the last one is begun."""
    done = subprocess.run(
        [sys.executable, "-m", "jatossync"],
        cwd=place,
        env=study.environment
        | {
            "_JATOSSYNC_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": " ".join(["jatossync", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("shell", list(BEGIN))
def test_a_real_shell_completes_a_command_and_a_path_of_the_trash(
    studied: Study, tmp_path: Path, shell: str
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    command, begin = BEGIN[shell]
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "jatossync").write_text(f'#!/bin/sh\nexec {sys.executable} -m jatossync "$@"\n')
    (programs / "jatossync").chmod(0o755)
    path = f"{programs}:{studied.environment['PATH']}"
    with Person(studied.folder, tmp_path / "home", command, {"PATH": path}) as person:
        person.type(begin + "\n")
        person.type("echo rea''dy\n")
        person.expect("ready")
        person.type(f"jatossync rest{TAB}")
        person.expect("restore")
        person.type(f"my{TAB}")
        person.expect("page,")
        person.type("\n")
        person.expect("restored")
    assert (studied.folder / "my page, 2.html").read_text() == "theirs"


def test_commands_options_and_words_are_completed(studied: Study) -> None:
    assert "plain,restore" in asked(studied, studied.folder, "")
    assert asked(studied, studied.folder, "tok") == ["plain,token"]
    assert "plain,--verbose" in asked(studied, studied.folder, "sync", "--")
    assert asked(studied, studied.folder, "completion", "z") == ["plain,zsh"]
    assert asked(studied, studied.folder, "config", "s") == ["plain,schema", "plain,show"]
    assert asked(studied, studied.folder, "sync", "--config", "x") == ["file,x"]
    assert asked(studied, studied.folder, "init", "--folder", "x") == ["dir,x"]


def test_paths_of_the_trash_are_completed_from_where_one_stands(studied: Study) -> None:
    assert asked(studied, studied.folder, "restore", "js") == ["plain,js/task.js"]
    assert "plain,task.js" in asked(studied, studied.folder / "js", "trash", "show", "")
    assert asked(studied, studied.place, "restore", "stu") == []
    config = ("--config", str(studied.folder / "jatossync.yaml"))
    assert "plain,study/js/task.js" in asked(studied, studied.place, "restore", *config, "stu")


def test_what_waits_for_a_decision_is_completed(study: Study) -> None:
    study.write("index.html", "ours")
    assert study.cli("sync").code == 0
    study.put_on_jatos("index.html", b"theirs")
    assert study.cli("sync").code == 2
    config = ("--config", str(study.config))
    told = asked(study, study.folder, "approve", *config, "")
    assert "plain,index.html" in told
    assert len(told) == 2, "and the list's id"


def test_whatever_is_wrong_there_is_nothing_to_complete_and_nothing_is_said(
    studied: Study, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert asked(studied, elsewhere, "restore", "") == []
    assert asked(studied, elsewhere, "restore", "'unfinished") == []
    (studied.state / "state.sqlite3").write_bytes(b"broken" * 1000)
    assert asked(studied, studied.folder, "restore", "") == []
    (studied.folder / "jatossync.yaml").write_text("server: [")
    assert asked(studied, studied.folder, "restore", "") == []
    assert asked(studied, studied.folder, "nonsense", "") == []


def test_a_shell_that_is_not_known_is_said(study: Study) -> None:
    said = study.program([*study.command("x")[:3], "completion", "tcsh"])
    assert said.code == 64
    assert "bash" in said.err
