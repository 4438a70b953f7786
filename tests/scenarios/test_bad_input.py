"""Whatever is wrong: one message that says what and what to do, and the right exit code."""

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Said, Study


@pytest.fixture
def good(study: Study) -> Study:
    """A study that works."""
    study.write("index.html", "<!doctype html>")
    return study


def assert_refused(
    study: Study, code: int, *words: str, commands: tuple[str, ...] = ("sync",)
) -> None:
    """Each command ends with `code`, says `words` once, and JATOS has got nothing."""
    for command in commands:
        assert_said(study.cli(command), command, code, *words)
    assert not study.sent()


def assert_said(said: Said, command: str, code: int, *words: str) -> None:
    """One message, in the right place, that says what is wrong."""
    shown = f"{command} ended with {said.code}: {said.out}{said.err}"
    assert said.code == code, shown
    for word in words:
        assert word.lower() in said.text.lower(), f"{word!r} is missing; {shown}"
    if command == "check":
        assert said.out.count("✗") == 1, shown
    else:
        assert said.err.count("jatossync: ") == 1, shown
        assert not said.out, shown


# --- the configuration ---------------------------------------------------------------------------


def test_without_a_configuration_both_usual_places_are_named(good: Study) -> None:
    good.config.unlink()
    for command in ("plan", "check"):
        said = good.program(good.command(command)[:4])
        assert_said(said, command, 78, "jatossync.yaml", "~/.config/jatossync/config.yaml")


def test_a_configuration_that_is_not_there_is_named(good: Study) -> None:
    good.config.unlink()
    assert_refused(good, 78, "jatossync.yaml")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", ("empty",), id="empty"),
        pytest.param(b"- server\n- study\n", ("list",), id="list"),
        pytest.param(b"watch:\n\tquiet: 1s\n", (":2", "tab"), id="tab"),
        pytest.param(b"server: \xff\xfe\xfa", (), id="no text"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused_with_its_line(
    good: Study, content: bytes, words: tuple[str, ...]
) -> None:
    good.config.write_bytes(content)
    assert_refused(good, 78, "jatossync.yaml", *words)


def test_all_faults_of_a_configuration_are_told_at_once_with_what_would_be_right(
    good: Study,
) -> None:
    good.configure(
        servr="x",
        folder=None,
        deletes={"delay": "2 apples"},
        upload={"workers": 100},
        drift="perhaps",
    )
    words = ("did you mean server?", "folder", "2 apples", "workers", "hold or restore")
    assert_refused(good, 78, *words)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("jatos.example.org", ("https://jatos.example.org",)),
        ("https://me:secret@jatos.example.org", ("https://jatos.example.org",)),
        ("https://jatos.example.org/?a=b", ("https://jatos.example.org",)),
        ("http://jatos.example.org", ("https://jatos.example.org", "allow_http")),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_secrets(
    good: Study, server: str, words: tuple[str, ...]
) -> None:
    good.configure(server=server)
    said = good.cli("sync")
    assert_said(said, "sync", 78, "server", *words)
    assert "secret" not in said.text


def test_what_stands_too_much_in_an_address_is_cut_with_a_note(good: Study) -> None:
    good.configure(server=f"{good.jatos.url}/jatos/api/v1")
    said = good.cli("sync")
    assert said.code == 0
    assert "server: /jatos/api/v1" in said.err
    assert good.in_step()


# --- the folder ----------------------------------------------------------------------------------


def test_a_folder_that_is_missing_or_a_file_is_refused(good: Study) -> None:
    good.configure(folder=str(good.place / "elsewhere"))
    assert_refused(good, 78, "elsewhere", "does not exist")
    (good.place / "elsewhere").touch()
    assert_refused(good, 78, "elsewhere", "not a folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_refused(good: Study) -> None:
    good.folder.chmod(0)
    try:
        assert_refused(good, 78, str(good.folder), "right to read")
    finally:
        good.folder.chmod(0o700)


def test_a_home_directory_or_a_whole_disk_is_refused(good: Study) -> None:
    for folder in (good.environment["HOME"], "/"):
        good.configure(folder=folder, state=None)
        assert_refused(good, 78, folder)


def test_a_state_inside_the_folder_is_refused(good: Study) -> None:
    good.configure(state=str(good.folder / ".state"))
    assert_refused(good, 78, str(good.folder / ".state"))
    assert [path.name for path in good.folder.iterdir()] == ["index.html"]


def test_the_folder_in_which_jatos_itself_keeps_the_study_is_refused(good: Study) -> None:
    assert good.cli("sync").code == 0
    before = good.sent()
    good.configure(folder=str(good.assets), state=str(good.place / "another"))
    assert_said(good.cli("run"), "run", 78, str(good.assets), "JATOS itself")
    assert good.sent() == before


# --- the token -----------------------------------------------------------------------------------

BODY = "OeYwru727YeLzxcHSvIFlTQ52Ud03wo"
GOOD_TOKEN = f"jap_{BODY}{hashlib.md5(BODY.encode()).hexdigest()[:6]}"


def test_a_token_file_that_is_missing_is_named(good: Study) -> None:
    good.token_file.unlink()
    assert_refused(good, 78, str(good.token_file))
    good.configure(token_file=None)
    assert_refused(good, 78, "token", "My API tokens")


@pytest.mark.parametrize("token", ["", GOOD_TOKEN[:-1], GOOD_TOKEN.replace("Y", "y")])
def test_a_malformed_token_is_named_before_anything_is_asked(good: Study, token: str) -> None:
    good.token_file.write_text(token, "utf-8")
    said = good.cli("sync")
    assert_said(said, "sync", 78, "token", "cannot be used")
    assert not token or token not in said.text
    assert not good.jatos.requests()


def test_an_expired_an_unknown_and_a_switched_off_token_are_refused(good: Study) -> None:
    switched_off = good.jatos.add_token()
    good.jatos.change_token(switched_off, active=False)
    for token in (good.jatos.add_token(expires_s=-10), GOOD_TOKEN, switched_off):
        good.save_token(token)
        said = good.cli("sync")
        assert_said(said, "sync", 77, "token", "My API tokens")
        assert token not in said.text


def test_a_token_that_others_can_read_is_warned_about(good: Study) -> None:
    good.token_file.chmod(0o644)
    said = good.cli("sync")
    assert said.code == 0
    assert "chmod 600" in said.err


def test_a_token_in_the_environment_or_the_configuration_is_taken_and_not_shown(
    good: Study,
) -> None:
    good.configure(token_file=None)
    said = good.program(good.command("sync"), JATOSSYNC_TOKEN=good.jatos.token)
    assert (said.code, said.err) == (0, "")
    good.configure(token=good.jatos.token)
    said = good.cli("check")
    assert said.code == 0
    assert "token_file" in said.err


# --- JATOS ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["3.9", "3.10"])
def test_studies_that_are_unknown_or_not_yours_are_told_apart(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    study.write("index.html", "<!doctype html>")
    study.jatos.change_study(study.uuid, member=False)
    assert_refused(study, 77, "member")
    study.configure(study="00000000-0000-4000-8000-000000000000")
    assert_refused(study, 78, "00000000-0000-4000-8000-000000000000", commands=("run",))
    assert study.jatos.study in study.cli("check").out, "the studies that there are"


def test_an_api_that_is_switched_off_is_told(good: Study) -> None:
    good.jatos.change_api(allowed=False)
    try:
        assert_refused(good, 77, "API", "administrator", commands=("run",))
    finally:
        good.jatos.change_api(allowed=True)


def test_a_server_that_is_down_is_told(good: Study) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else can answer here
        taken.bind(("127.0.0.1", 0))
        good.configure(server=f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert_refused(good, 69, "nothing answers", commands=("check",))


def test_a_server_whose_name_nobody_knows_is_told(good: Study) -> None:
    good.configure(server="https://jatos.invalid")
    assert_refused(good, 69, "jatos.invalid")


class _Page(BaseHTTPRequestHandler):
    """What stands in JATOS's place: a web page, or the way to a sign-in page."""

    def do_GET(self) -> None:
        if self.path.startswith("/sso/"):
            self.send_response(302)
            self.send_header("Location", "https://sso.example.org/login")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        page = b"<html><title>Welcome</title>It works!</html>"
        self.send_response(404 if self.path.startswith("/nowhere/") else 200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Quietly."""


@pytest.fixture
def web_server() -> Iterator[str]:
    """A web server that is no JATOS."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["", "/nowhere"])
def test_a_server_that_is_no_jatos_is_told(good: Study, web_server: str, path: str) -> None:
    good.configure(server=web_server + path)
    assert_refused(good, 69, "JATOS", "`server:`", commands=("plan",))


def test_a_sign_in_page_in_the_way_is_told(good: Study, web_server: str) -> None:
    good.configure(server=f"{web_server}/sso")
    assert_refused(good, 77, "sign-in", commands=("check",))


# --- the command line and the state --------------------------------------------------------------


def test_a_command_line_that_is_wrong_ends_with_64(good: Study) -> None:
    program = good.command("sync")[:3]
    for arguments in (["snyc"], ["sync", "--colour"]):
        said = good.program([*program, *arguments])
        assert said.code == 64
        assert arguments[-1] in said.err


def test_help_names_the_commands(good: Study) -> None:
    program = good.command("sync")[:3]
    said = good.program([*program, "--help"])
    assert all(command in said.out for command in ("demo", "check", "plan", "sync", "run"))


def test_a_state_that_belongs_to_another_study_is_refused_with_both_named(good: Study) -> None:
    assert good.cli("sync").code == 0
    another = good.jatos.add_study("Another")["uuid"]
    good.configure(study=another)
    assert_said(good.cli("sync"), "sync", 78, good.uuid, another)


def test_a_state_that_is_damaged_is_refused_and_left(good: Study) -> None:
    assert good.cli("sync").code == 0
    for file in good.state.glob("state.sqlite3*"):
        file.write_bytes(b"no database" * 100)
    assert_said(good.cli("sync"), "sync", 78, "state.sqlite3")
    assert (good.state / "state.sqlite3").read_bytes().startswith(b"no database")
