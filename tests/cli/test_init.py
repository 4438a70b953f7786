"""From nothing to a configuration that works, as a newcomer goes."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import jatossync
from jatossync.cli.init.server import understood
from jatossync.errors import ConfigError
from tests.cli.conftest import At
from tests.cli.person import user_environment
from tests.emulator.handle import Emulator
from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Said, files_below

WRONG_TOKEN = "jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"  # well-formed; nobody's
NO_QUESTIONS = ("--yes", "--no-start", "--no-service")


@pytest.fixture
def emulator(jatos: Jatos) -> Emulator:
    return jatos()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study folder with two files."""
    made = tmp_path / "home/stroop"
    (made / "js").mkdir(parents=True)
    (made / "index.html").write_text("<!doctype html>")
    (made / "js/task.js").write_text("let x = 1")
    return made


def init(place: Path, *arguments: str, stdin: str = "", **environment: str) -> Said:
    """Run it where nobody can be asked."""
    home = next(each for each in (place, *place.parents) if each.name == "home")
    done = subprocess.run(
        [sys.executable, "-m", "jatossync", *arguments],
        cwd=place,
        env=user_environment(home, **environment),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


def written(folder: Path) -> dict[str, object]:
    loaded: dict[str, object] = yaml.safe_load((folder / "jatossync.yaml").read_text("utf-8"))
    return loaded


def token_file(folder: Path, jatos: Emulator) -> Path:
    name = "token-" + jatos.url.removeprefix("http://").replace(":", "-")
    return folder.parent / ".config/jatossync" / name


def nothing_written(folder: Path) -> bool:
    return set(files_below(folder.parent)) == {"stroop/index.html", "stroop/js/task.js"}


# --- at a terminal -------------------------------------------------------------------------------


def test_a_newcomer_answers_five_questions_and_the_study_is_live(
    emulator: Emulator, folder: Path, at: At
) -> None:
    study = emulator.add_study("Stroop task")
    person = at(folder, "init")
    person.answer("Server:", f"{emulator.url}/jatos/{study['id']}")
    person.expect("My API tokens")
    person.answer("Token (not shown", emulator.token)
    person.expect("is accepted, never expires")
    person.expect(f"{study['id']}  Stroop task")
    person.expect(study["uuid"])
    person.answer(f"Study [{study['id']}]:", "")
    person.answer("Folder with the study's files [~/stroop]:", "")
    person.expect("2 to upload")
    person.answer("Write ~/stroop/jatossync.yaml? [Y/n]:", "")
    person.expect("wrote ~/stroop/jatossync.yaml and ~/.config/jatossync/token-127.0.0.1-")
    person.answer("Start now", "n")
    assert person.end() == 0
    assert emulator.token not in person.raw
    assert person.fits

    assert written(folder)["server"] == emulator.url
    assert written(folder)["study"] == study["uuid"]
    assert written(folder)["folder"] == "."
    assert stat.S_IMODE(token_file(folder, emulator).stat().st_mode) == 0o600

    said = init(folder, "sync")
    assert (said.code, said.err) == (0, "")
    assert "● in sync" in said.out
    assert "2 uploads" in said.out
    assert set(files_below(Path(study["folder"]))) == {"index.html", "js/task.js"}


def test_whatever_is_mistyped_is_explained_and_asked_again(
    emulator: Emulator, folder: Path, at: At
) -> None:
    person = at(folder, "init")
    person.answer("Server:", "not a server")
    person.expect("✗")
    person.answer("Server:", emulator.url.removeprefix("http://") + "/jatos/")
    person.answer("Token (not shown", "jap_short")
    person.expect("9 characters")
    person.answer("Token (not shown", WRONG_TOKEN)
    person.expect("does not accept the token")
    person.answer("Token (not shown", f"  {emulator.token} ")
    person.answer("Study", "99999")
    person.expect("sees no study 99999")
    person.answer("Study", emulator.study)
    person.answer("Folder", str(folder / "missing"))
    person.expect("does not exist")
    person.answer("Folder", "~")
    person.expect("home directory")
    person.answer("Folder", "/")
    person.expect("whole disk")
    person.answer("Folder", "~/stroop")
    person.answer("Write", "n")
    assert person.end() == 130
    assert "nothing was written" in person.text
    assert nothing_written(folder)


def test_ctrl_c_writes_nothing(emulator: Emulator, folder: Path, at: At) -> None:
    person = at(folder, "init", "--server", emulator.url)
    person.expect("Token (not shown")
    person.type("\x03")
    assert person.end() == 130
    assert "nothing was written" in person.text
    assert nothing_written(folder)


def test_it_starts_right_away_where_that_is_wanted(
    emulator: Emulator, folder: Path, at: At
) -> None:
    study = emulator.add_study("Live")
    options = ("--server", emulator.url, "--study", study["uuid"], "--folder", ".", "--yes")
    person = at(folder, "init", *options, "--start", "--no-service", JATOSSYNC_TOKEN=emulator.token)
    person.expect("uploaded")
    person.expect("index.html")
    person.type("\x03")
    assert person.end() == 0


# --- without a terminal --------------------------------------------------------------------------


def test_all_answers_can_be_options(emulator: Emulator, folder: Path) -> None:
    kept = folder.parent / "my-token"
    kept.write_text(emulator.token)
    kept.chmod(0o600)
    said = init(
        *(folder.parent, "init", "--server", emulator.url, "--token-file", "my-token"),
        *("--study", str(emulator.id), "--folder", "stroop", "--config", "stroop.yaml"),
    )
    assert (said.code, said.err) == (0, "")
    config = yaml.safe_load((folder.parent / "stroop.yaml").read_text("utf-8"))
    assert config["folder"] == str(folder)
    assert config["token_file"] == "~/my-token"
    assert not token_file(folder, emulator).exists()


@pytest.mark.parametrize("way", ["standard input", "environment"])
def test_the_token_comes_from_standard_input_or_the_environment(
    emulator: Emulator, folder: Path, way: str
) -> None:
    options = ("init", "--server", emulator.url, "--study", emulator.study, "--folder", ".")
    if way == "environment":
        said = init(folder, *options, JATOSSYNC_TOKEN=emulator.token)
    else:
        said = init(folder, *options, "--token-file", "-", stdin=emulator.token + "\n")
    assert (said.code, said.err) == (0, "")
    assert token_file(folder, emulator).read_text() == emulator.token + "\n"
    assert emulator.token not in said.text


@pytest.mark.parametrize("missing", ["--server", "--token-file", "--study", "--folder"])
def test_a_missing_answer_is_named_and_nothing_waits(
    emulator: Emulator, folder: Path, missing: str
) -> None:
    given = {"--server": emulator.url, "--study": emulator.study, "--folder": "."}
    token = {} if missing == "--token-file" else {"JATOSSYNC_TOKEN": emulator.token}
    options = [part for key, value in given.items() if key != missing for part in (key, value)]
    said = init(folder, "init", *options, **token)
    assert said.code == 64
    assert missing in said.err
    assert nothing_written(folder)


def test_an_existing_configuration_is_left(emulator: Emulator, folder: Path) -> None:
    (folder / "jatossync.yaml").write_text("mine")
    options = ("--server", emulator.url, "--study", emulator.study, "--folder", ".")
    said = init(folder, "init", *options, JATOSSYNC_TOKEN=emulator.token)
    assert said.code == 78
    assert "left as it is" in said.err
    for early in ([], ["--config", "jatossync.yaml"], ["--folder", "."]):
        assert init(folder, "init", *early).code == 78, "before anything is asked"
    assert (folder / "jatossync.yaml").read_text() == "mine"
    assert not token_file(folder, emulator).exists()


def test_the_token_in_its_place_is_used_for_the_next_study(
    emulator: Emulator, folder: Path
) -> None:
    options = ("init", "--server", emulator.url, "--study", emulator.study, "--folder", ".")
    assert init(folder, *options, JATOSSYNC_TOKEN=emulator.token).code == 0
    (folder / "jatossync.yaml").unlink()
    assert init(folder, *options).code == 0
    kept = token_file(folder, emulator)
    assert written(folder)["token_file"] == f"~/.config/jatossync/{kept.name}"


def test_no_server_is_shown_the_token_of_another_one(
    emulator: Emulator, jatos: Jatos, folder: Path
) -> None:
    options = ("init", "--server", emulator.url, "--study", emulator.study, "--folder", ".")
    assert init(folder, *options, JATOSSYNC_TOKEN=emulator.token).code == 0
    (folder / "jatossync.yaml").unlink()
    other = jatos("3.9")
    said = init(folder, "init", "--server", other.url, "--study", other.study, "--folder", ".")
    assert said.code == 64
    assert 401 not in {each["status"] for each in other.requests()}


def test_a_token_that_has_expired_makes_room_for_a_new_one_and_no_other_does(
    emulator: Emulator, folder: Path
) -> None:
    options = ("init", "--server", emulator.url, "--study", emulator.study, "--folder", ".")
    old = emulator.add_token()
    assert init(folder, *options, JATOSSYNC_TOKEN=old).code == 0
    (folder / "jatossync.yaml").unlink()
    said = init(folder, *options, JATOSSYNC_TOKEN=emulator.token)
    assert said.code == 78
    assert "left as it is" in said.err
    emulator.change_token(old, active=False)
    assert init(folder, *options, JATOSSYNC_TOKEN=emulator.token).code == 0
    assert token_file(folder, emulator).read_text() == emulator.token + "\n"
    (folder / "jatossync.yaml").unlink()
    token_file(folder, emulator).write_text("")
    assert init(folder, *options, JATOSSYNC_TOKEN=emulator.token).code == 0, "nor what is no token"
    assert token_file(folder, emulator).read_text() == emulator.token + "\n"
    assert init(folder, "check").code == 0


def test_where_the_configuration_cannot_be_written_the_token_is_not_either(
    emulator: Emulator, folder: Path
) -> None:
    options = ("init", "--server", emulator.url, "--study", emulator.study, "--folder", ".")
    said = init(
        *(folder, *options, "--config", "index.html/stroop.yaml"), JATOSSYNC_TOKEN=emulator.token
    )
    assert said.code == 78
    assert "cannot be written" in said.err
    assert not token_file(folder, emulator).exists()


def test_jatoss_own_folder_is_refused(emulator: Emulator, folder: Path) -> None:
    study = emulator.add_study("Own")
    own = Path(study["folder"])
    own.mkdir(exist_ok=True)
    (own / "index.html").write_text("<!doctype html>")
    options = ("init", "--server", emulator.url, "--study", study["uuid"], "--folder", str(own))
    said = init(folder, *options, JATOSSYNC_TOKEN=emulator.token)
    assert said.code == 78
    assert "JATOS itself" in said.err
    assert set(files_below(own)) == {"index.html"}


def test_what_first_contact_would_do_is_shown_and_not_done(
    emulator: Emulator, folder: Path
) -> None:
    study = emulator.add_study("Adopted")
    there = Path(study["folder"])
    (there / "js").mkdir(parents=True)
    (there / "index.html").write_text("<!doctype html>")
    (there / "js/task.js").write_text("let x = 2")
    (there / "only.txt").write_text("theirs")
    before = files_below(there)
    options = ("init", "--server", emulator.url, "--study", study["uuid"], "--folder", ".")
    said = init(folder, *options, JATOSSYNC_TOKEN=emulator.token)
    assert said.code == 0
    found = "1 equal, 1 different (theirs go to the trash), 1 only on JATOS (left alone)"
    assert f"first contact: {found}" in said.out
    assert files_below(there) == before


def test_on_a_second_computer_the_empty_folder_is_led_to_pull(
    emulator: Emulator, folder: Path
) -> None:
    (Path(emulator.folder) / "index.html").write_text("<!doctype html>")
    empty = folder.parent / "empty"
    empty.mkdir()
    options = ("init", "--server", emulator.url, "--study", emulator.study, "--folder", ".")
    said = init(empty, *options, JATOSSYNC_TOKEN=emulator.token)
    assert said.code == 0
    assert "jatossync pull" in said.out
    assert init(empty, "pull").code == 0
    assert (empty / "index.html").read_text() == "<!doctype html>"
    said = init(folder, *options, JATOSSYNC_TOKEN=emulator.token)
    assert "jatossync pull" not in said.out, "both sides have files"


def test_a_locked_study_can_be_set_up(emulator: Emulator, folder: Path) -> None:
    study = emulator.add_study("Locked")
    emulator.change_study(study["uuid"], locked=True)
    options = ("init", "--server", emulator.url, "--study", study["uuid"], "--folder", ".")
    said = init(folder, *options, JATOSSYNC_TOKEN=emulator.token)
    assert said.code == 0
    assert "locked" in said.out


def test_a_token_that_jatos_refuses_ends_it_with_77(emulator: Emulator, folder: Path) -> None:
    options = ("init", "--server", emulator.url, "--study", emulator.study, "--folder", ".")
    said = init(folder, *options, JATOSSYNC_TOKEN=WRONG_TOKEN)
    assert said.code == 77
    assert "My API tokens" in said.err
    assert WRONG_TOKEN not in said.text
    assert nothing_written(folder)


def test_a_server_that_is_down_ends_it_with_69_before_the_token_is_asked(folder: Path) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else can answer here
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        said = init(folder, "init", "--server", url, "--study", "1")
    assert said.code == 69
    assert "no JATOS is found" in said.err


@pytest.mark.parametrize("dialect", ["3.8", "3.9"])
def test_older_versions_of_jatos_are_set_up_too(jatos: Jatos, folder: Path, dialect: str) -> None:
    old = jatos(dialect)
    options = ("init", "--server", old.url, "--study", old.study, "--folder", ".")
    said = init(folder, *options, JATOSSYNC_TOKEN=old.token)
    assert (said.code, said.err) == (0, "")


def test_a_way_that_cannot_be_gone_is_said(emulator: Emulator, folder: Path) -> None:
    said = init(folder, "init", "--server", "https://x.org", "--ca-file", "index.html")
    assert said.code == 78
    assert "holds no certificate" in said.err
    said = init(folder, "init", "--server", emulator.url, "--proxy", "http://127.0.0.1:9")
    assert said.code == 69
    assert "proxy" in said.err
    said = init(folder, "init", "--proxy", "nonsense://")
    assert said.code == 78
    assert "--proxy" in said.err


def test_the_written_configuration_explains_every_option_and_names_no_place_of_this_computer(
    emulator: Emulator, folder: Path
) -> None:
    options = ("init", "--server", emulator.url, "--study", emulator.study, "--folder", ".")
    assert init(folder, *options, JATOSSYNC_TOKEN=emulator.token).code == 0
    text = (folder / "jatossync.yaml").read_text("utf-8")
    assert "file://" not in text
    assert os.path.dirname(jatossync.__file__) not in text
    assert "jatossync config schema --help" in text
    assert "# A saved file is uploaded when it has not changed for this long" in text
    assert emulator.token not in text


# --- the server's address ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "candidates", "study"),
    [
        ("https://jatos.example.org", ["https://jatos.example.org"], None),
        ("https://jatos.example.org/", ["https://jatos.example.org"], None),
        ("https://jatos.example.org/jatos", ["https://jatos.example.org"], None),
        ("https://jatos.example.org/jatos/42/run?x=1#y", ["https://jatos.example.org"], "42"),
        ("https://jatos.example.org/jatos/signin", ["https://jatos.example.org"], None),
        ("https://jatos.example.org/publix/Abc1/start", ["https://jatos.example.org"], None),
        ("https://x.org/labs/jatos/7", ["https://x.org/labs"], "7"),
        ("jatos.example.org", ["https://jatos.example.org", "http://jatos.example.org"], None),
        ("http://x.org/jatos/", ["https://x.org", "http://x.org"], None),
        ("https:/x.org", ["https://x.org"], None),
        ("https//x.org", ["https://x.org"], None),
        ("HTTPS://x.org", ["https://x.org"], None),
        ("localhost:9000", ["http://localhost:9000"], None),
        ("127.0.0.1:9000/jatos/3", ["http://127.0.0.1:9000"], "3"),
        ("http://[::1]:9000/jatos", ["http://[::1]:9000"], None),
    ],
)
def test_an_address_is_understood_as_it_is_copied_or_typed(
    given: str, candidates: list[str], study: str | None
) -> None:
    assert understood(given) == (candidates, study)


@pytest.mark.parametrize("given", ["", "my server", "ftp://x.org", "https://", "x.org:99999"])
def test_what_is_no_address_is_said(given: str) -> None:
    with pytest.raises(ConfigError, match="address"):
        understood(given)


def test_a_password_in_the_address_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        understood("https://me:secret@x.org")
    assert "secret" not in str(caught.value)
