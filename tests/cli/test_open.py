"""The study in the browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Said, Study


@pytest.fixture
def opened(study: Study, tmp_path: Path) -> Path:
    """The file in which a pretended browser notes what it was to open."""
    study.jatos.add_component("index.html", "First", study.uuid)
    study.jatos.add_component("./task.html", "Second", study.uuid)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("browser", "xdg-open"):
        (programs / name).write_text(f'#!/bin/sh\necho "$1" >> {tmp_path / "opened"}\n')
        (programs / name).chmod(0o755)
    return tmp_path / "opened"


def run(study: Study, *arguments: str, **environment: str) -> Said:
    programs = f"{study.place / 'bin'}:{study.environment['PATH']}"
    return study.program(study.command("open", *arguments), PATH=programs, **environment)


def number(study: Study) -> int:
    """The study's number, which is in the address of its page."""
    page = run(study, "--jatos", "--print").out.strip()
    return int(page.rpartition("/")[2])


def test_without_a_screen_the_address_is_only_printed(study: Study, opened: Path) -> None:
    said = run(study)
    assert (said.code, said.err) == (0, "")
    assert said.out == f"{study.jatos.url}/jatos/{number(study)}/run\n"
    assert not opened.exists()


def test_with_a_browser_it_is_opened_too(study: Study, opened: Path) -> None:
    said = run(study, BROWSER="browser %s")
    assert said.code == 0
    assert opened.read_text() == said.out


def test_a_page_opens_the_component_that_uses_it(study: Study, opened: Path) -> None:
    first = run(study, "study/index.html").out
    second = run(study, "study/task.html").out
    top = f"{study.jatos.url}/jatos/{number(study)}/"
    assert first.startswith(top)
    assert second.startswith(top)
    assert first.endswith("/run\n")
    assert first != second != f"{top}run\n"
    assert run(study, str(study.folder / "task.html")).out == second


def test_a_page_that_no_component_uses_is_said_with_those_there_are(
    study: Study, opened: Path
) -> None:
    said = run(study, "study/other.html")
    assert said.code == 1
    assert "index.html, task.html" in said.text
    said = run(study, "/etc/hosts")
    assert said.code == 64
    assert "not in the study folder" in said.err


def test_the_page_in_jatos_and_the_folder_are_opened(study: Study, opened: Path) -> None:
    said = run(study, "--jatos", BROWSER="browser %s")
    assert said.out.startswith(f"{study.jatos.url}/jatos/")
    assert not said.out.endswith("run\n")
    assert run(study, "--folder").out == f"{study.folder}\n"
    run(study, "--folder", DISPLAY=":7")
    assert opened.read_text() == f"{said.out}{study.folder}\n"


def test_print_opens_nothing(study: Study, opened: Path) -> None:
    for arguments in (["--print"], ["--folder", "--print"], ["--jatos", "--print"]):
        assert run(study, *arguments, BROWSER="browser %s", DISPLAY=":7").code == 0
    assert not opened.exists()


def test_two_things_at_once_are_refused(study: Study) -> None:
    assert run(study, "--jatos", "--folder").code == 64


def test_a_study_that_is_gone_and_a_server_that_is_down_are_told(study: Study) -> None:
    study.jatos.delete_study(study.uuid)
    assert run(study).code == 78
    study.configure(server="http://127.0.0.1:9")
    assert run(study).code == 69
    assert run(study, "--folder").code == 0


@pytest.mark.parametrize("dialect", ["3.8", "3.9"])
def test_older_versions_of_jatos_have_the_same_addresses(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    study.jatos.add_component("index.html", "First", study.uuid)
    assert run(study).out.endswith("/run\n")
    assert run(study, "study/index.html").out.count("/") == run(study).out.count("/") + 1
