"""The token: where it is looked for, what is said about a bad one, and that it never shows."""

import copy
import errno
import hashlib
import os
import pickle
import threading
import traceback
from pathlib import Path

import pytest

from jatossync.errors import ConfigError
from jatossync.remote import token as token_module
from jatossync.remote.token import Token, TokenFile, find_token

# From JATOS's documentation: well-formed, and known to nobody's server.
GOOD = "jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"
OTHER = "jap_" + "a" * 31 + hashlib.md5(b"a" * 31).hexdigest()[:6]
TWICE = GOOD + "\n" + GOOD


def private(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    path.chmod(0o600)
    return str(path)


def test_the_token_is_the_same_with_and_without_a_newline_at_its_end(tmp_path: Path) -> None:
    for content in (GOOD, GOOD + "\n", GOOD + "\r\n", f"  {GOOD} \n\n"):
        token, warnings = find_token(private(tmp_path / "token", content.encode()), None, {})
        assert token.reveal() == GOOD
        assert warnings == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_token_file_written_on_windows_is_understood(tmp_path: Path, encoding: str) -> None:
    token, _ = find_token(private(tmp_path / "token", (GOOD + "\r\n").encode(encoding)), None, {})
    assert token.reveal() == GOOD


def test_the_first_configured_source_counts(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    private(credentials / "token", GOOD.encode())
    file = private(tmp_path / "file", GOOD.encode())
    everything = {"CREDENTIALS_DIRECTORY": str(credentials), "JATOSSYNC_TOKEN": GOOD}

    def source(token_file: str | None, inline: str | None, environ: dict[str, str]) -> str:
        return find_token(token_file, inline, environ)[0].source

    assert "CREDENTIALS_DIRECTORY" in source(file, GOOD, everything)
    assert source(file, GOOD, {"JATOSSYNC_TOKEN": GOOD}) == f"token_file {file}"
    assert source(None, GOOD, {"JATOSSYNC_TOKEN": GOOD}).startswith("token:")
    assert source(None, None, {"JATOSSYNC_TOKEN": GOOD}) == "$JATOSSYNC_TOKEN"


def test_credentials_of_other_names_are_not_ours(tmp_path: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "JATOSSYNC_TOKEN": GOOD}
    assert find_token(None, None, environ)[0].source == "$JATOSSYNC_TOKEN"


def test_a_source_that_cannot_be_read_is_an_error_and_no_fall_through(tmp_path: Path) -> None:
    environ = {"JATOSSYNC_TOKEN": GOOD}
    with pytest.raises(ConfigError, match=r"token_file .*nothing-here: No such file"):
        find_token(str(tmp_path / "nothing-here"), None, environ)
    with pytest.raises(ConfigError, match="directory"):
        find_token(str(tmp_path), None, environ)
    (tmp_path / "token").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError, match="CREDENTIALS_DIRECTORY"):
        find_token(None, GOOD, {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_no_token_at_all_says_where_to_get_one() -> None:
    with pytest.raises(ConfigError, match="no JATOS token") as caught:
        find_token(None, None, {"JATOSSYNC_TOKEN": ""})
    assert "My API tokens" in caught.value.hint
    assert caught.value.exit_code == 78


@pytest.mark.parametrize(
    ("secret", "wrong"),
    [
        ("", "empty"),
        (GOOD[:-1], ""),
        (GOOD[:-1] + "e", ""),
        ("xyz_" + GOOD[4:], ""),
        ("jap_" + "é" * 37, "ASCII"),
        (TWICE, "several lines"),
        ("TOKEN=" + GOOD, ""),
        ("\x00" * 5000, ""),
    ],
)
def test_a_malformed_token_is_named_without_its_value(
    tmp_path: Path, secret: str, wrong: str
) -> None:
    file = private(tmp_path / "token", secret.encode())
    with pytest.raises(ConfigError) as caught:
        find_token(file, None, {})
    assert file in caught.value.message
    assert wrong in caught.value.message
    shown = caught.value.message + caught.value.hint
    shown += "".join(traceback.TracebackException.from_exception(caught.value).format())
    assert not secret or secret not in shown
    assert GOOD[4:20] not in shown


def test_bytes_that_are_no_text_are_an_error_that_does_not_show_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ASCII"):
        find_token(private(tmp_path / "token", b"jap_\xff\xfe\xfa"), None, {})


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_a_token_file_that_others_can_read_is_warned_about(tmp_path: Path) -> None:
    file = tmp_path / "my token"
    file.write_text(GOOD)
    file.chmod(0o644)
    _, warnings = find_token(str(file), None, {})
    assert len(warnings) == 1
    assert f"chmod 600 '{file}'" in warnings[0]


def test_a_token_in_the_configuration_is_warned_about() -> None:
    for inline in (GOOD, Token(GOOD, "token: in study.yaml")):
        token, warnings = find_token(None, inline, {})
        assert token.reveal() == GOOD
        assert "token_file" in warnings[0]


def test_a_token_never_shows_itself() -> None:
    token = Token(GOOD, "$JATOSSYNC_TOKEN")
    for shown in (repr(token), str(token), f"{token}", f"{token!s:>80}", [token]):
        assert GOOD[4:] not in str(shown)
    assert str(token) == "Token(jap_…, from $JATOSSYNC_TOKEN)"
    with pytest.raises(TypeError):
        pickle.dumps(token)
    with pytest.raises(TypeError):
        copy.deepcopy(token)


# --- a new one while the program runs


def watched(tmp_path: Path) -> tuple[Path, TokenFile]:
    file = private(tmp_path / "token", GOOD.encode())
    return Path(file), TokenFile(find_token(file, None, {})[0])


def test_a_new_token_in_its_file_is_noticed_once(tmp_path: Path) -> None:
    file, watch = watched(tmp_path)
    assert watch.renewed() is None
    file.write_text(OTHER)
    renewed = watch.renewed()
    assert isinstance(renewed, Token)
    assert renewed.reveal() == OTHER
    assert watch.token is renewed
    assert watch.renewed() is None


def test_a_file_that_is_replaced_by_a_rename_is_noticed(tmp_path: Path) -> None:
    file, watch = watched(tmp_path)
    watch.renewed()
    Path(private(tmp_path / "new", OTHER.encode())).replace(file)
    assert isinstance(watch.renewed(), Token)


def test_a_token_that_was_changed_before_the_first_look_is_noticed(tmp_path: Path) -> None:
    file, watch = watched(tmp_path)
    file.write_text(OTHER)
    assert isinstance(watch.renewed(), Token)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    """The control loop asks: whoever waits there stops everything."""
    file, watch = watched(tmp_path)
    file.unlink()
    os.mkfifo(file)
    thread = threading.Thread(target=watch.renewed, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_the_same_token_written_again_is_no_news(tmp_path: Path) -> None:
    file, watch = watched(tmp_path)
    watch.renewed()
    file.write_text(GOOD + "\n")
    assert watch.renewed() is None


def test_a_token_that_is_half_written_is_waited_for_and_a_bad_one_told_once(
    tmp_path: Path,
) -> None:
    file, watch = watched(tmp_path)
    watch.renewed()
    file.write_text(OTHER[:20])
    assert watch.renewed() is None
    fault = watch.renewed()
    assert isinstance(fault, str)
    assert OTHER[4:20] not in fault
    assert watch.renewed() is None
    file.write_text(OTHER)
    assert isinstance(watch.renewed(), Token)


def test_a_new_token_that_cannot_be_read_is_told_once_and_used_once_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sudo` may have written it for root alone."""
    file, watch = watched(tmp_path)
    watch.renewed()
    file.write_text(OTHER)

    def denied(path: str) -> str:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    with monkeypatch.context() as patch:
        patch.setattr(token_module, "_text", denied)
        assert [watch.renewed() for _ in range(4)].count(None) == 3
    assert isinstance(watch.renewed(), Token)


def test_a_file_that_is_missing_for_a_while_changes_nothing(tmp_path: Path) -> None:
    file, watch = watched(tmp_path)
    watch.renewed()
    file.unlink()
    assert watch.renewed() is None
    file.write_text(OTHER)
    assert isinstance(watch.renewed(), Token)


@pytest.mark.parametrize("environ", [{"JATOSSYNC_TOKEN": GOOD}, "credential"])
def test_what_is_read_at_a_start_only_is_not_watched_and_says_so(
    tmp_path: Path, environ: dict[str, str] | str
) -> None:
    if isinstance(environ, str):
        private(tmp_path / "token", GOOD.encode())
        environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    token, _ = find_token(None, None, environ)
    private(tmp_path / "token", OTHER.encode())
    assert TokenFile(token).renewed() is None
    assert "start" in token.renewal
