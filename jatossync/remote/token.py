"""
The JATOS token: where it comes from, and the wrapper that keeps it out of everything printed.

A token is checked by its own check digits before any request is made (jatos-api.md, Token).
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Mapping
from typing import NoReturn

from jatossync.core.secrets import well_formed
from jatossync.errors import ConfigError

_MAX_BYTES = 4096
"""A file with more than this holds something else; a token has 41 characters."""

_HOW_TO_GET_ONE = (
    "In JATOS click your name at the top right, then “My API tokens” and “New Token”. "
    "Save the token in a file that only you can read, and name that file as token_file "
    "in the configuration."
)

AT_A_START = "Put it where the old one is, and start jatossync again: it is read at a start only."
_BY_SYSTEMD = (
    "Put it into the file that the unit's LoadCredential names, and restart the service{}: systemd "
    "hands it over at a start only."
)


class Token:
    """
    A secret that shows itself to nobody but `reveal`.

    Not pickled or copied, and its `repr` and `str` have only the source, so that no log, error or
    traceback has the value (law 12).
    """

    __slots__ = ("__secret", "file", "renewal", "source")

    source: str
    """For people: `token_file ~/.config/jatossync/token`, `$JATOSSYNC_TOKEN`."""
    renewal: str
    """For people: how a new one gets here."""
    file: str | None
    """Where a new one may appear while the program runs; None where it cannot."""

    def __init__(
        self, secret: str, source: str, renewal: str = AT_A_START, file: str | None = None
    ) -> None:
        self.__secret = secret.strip()
        self.source = source
        self.renewal = renewal
        self.file = file

    def reveal(self) -> str:
        """The secret itself: for the Authorization header and nothing else."""
        return self.__secret

    def fault(self) -> str | None:
        """What is wrong with the token's form, without its value; None where nothing is."""
        if not self.__secret:
            return "it is empty"
        if len(self.__secret.splitlines()) > 1:
            return "it has several lines; only the token may be there"
        if not self.__secret.isascii():
            return "it has a character that no token has (it is not plain ASCII)"
        return well_formed(self.__secret)

    def __repr__(self) -> str:
        return f"Token(jap_…, from {self.source})"

    __str__ = __repr__

    def is_the_same_as(self, other: Token) -> bool:
        """Whether both are the same secret, wherever they come from."""
        return self.__secret == other.reveal()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token is not pickled or copied: it would be written somewhere")


class TokenFile:
    """Notices a new token where the one in use came from."""

    def __init__(self, token: Token) -> None:
        self.token = token
        """The one in use."""
        self._seen: object = None
        self._doubtful: object = None
        self._unreadable: object = None

    def renewed(self) -> Token | str | None:
        """
        A new token, or why what is there now is none, each told once; None where nothing is new.

        A file that is missing, or being written, is looked at again the next time.
        """
        stamp = _stamp(self.token.file) if self.token.file else None
        if stamp is None or stamp == self._seen:
            return None
        try:
            token = _from_token_file(self.token.file or "")
        except ConfigError as exc:
            return self._cannot_be_read(stamp, exc.message)
        fault = token.fault()
        if fault is not None and stamp != self._doubtful:
            self._doubtful = stamp
            return None
        self._seen = stamp
        if fault is not None or token.is_the_same_as(self.token):
            return fault
        self.token = token
        return token

    def _cannot_be_read(self, stamp: object, why: str) -> str | None:
        """Told once, where it stays so; and it is looked at again, for it may pass."""
        before, self._doubtful = self._doubtful, stamp
        if stamp != before or stamp == self._unreadable:
            return None
        self._unreadable = stamp
        return why


def _stamp(path: str) -> tuple[int, ...] | None:
    """What changes when the file is written or replaced; None where no plain file is there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None  # reading a FIFO would wait for its other end, and everything with it
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def find_token(
    token_file: str | None, inline: Token | str | None, environ: Mapping[str, str]
) -> tuple[Token, list[str]]:
    """
    The token, and warnings for the user.

    The first source that is configured counts: `$CREDENTIALS_DIRECTORY/token`, `token_file`,
    `token:` in the configuration, `$JATOSSYNC_TOKEN` (design.md, Configuration).

    Args:
        token_file: An absolute path.

    Raises:
        ConfigError: No source is configured, or the first one cannot be read or holds no
            well-formed token. It never falls through to the next.
    """
    token, warnings = _first_source(token_file, inline, environ)
    check(token)
    return token, warnings


def check(token: Token) -> None:
    """
    Make sure that a JATOS could have made this token.

    Raises:
        ConfigError: It is malformed; the message does not show it.
    """
    if fault := token.fault():
        raise ConfigError(
            f"the token from {token.source} cannot be used: {fault}",
            "Copy it once more from where you keep it, or make a new one. " + _HOW_TO_GET_ONE,
        )


def _first_source(
    token_file: str | None, inline: Token | str | None, environ: Mapping[str, str]
) -> tuple[Token, list[str]]:
    credential = _credential(environ)
    if credential:
        return _from_file(credential, "$CREDENTIALS_DIRECTORY/token", _by_systemd(environ)), []
    if token_file:
        return _from_token_file(token_file), _readable_by_others(token_file)
    if inline:
        token = inline if isinstance(inline, Token) else Token(inline, "token: in the config")
        warning = (
            "The token stands in the configuration itself, where it is easily shared or committed "
            "by accident; put it into a file of its own and name that as token_file"
        )
        return token, [warning]
    if environ.get("JATOSSYNC_TOKEN"):
        return Token(environ["JATOSSYNC_TOKEN"], "$JATOSSYNC_TOKEN"), []
    raise ConfigError("there is no JATOS token", _HOW_TO_GET_ONE)


def _by_systemd(environ: Mapping[str, str]) -> str:
    """With the command to type, which our units tell."""
    command = environ.get("JATOSSYNC_RESTART")
    return _BY_SYSTEMD.format(f" ({command})" if command else "")


def _credential(environ: Mapping[str, str]) -> str | None:
    """The path of systemd's credential; None where the unit passes none of this name."""
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        return None
    path = os.path.join(directory, "token")
    return path if os.path.lexists(path) else None


def _from_token_file(path: str) -> Token:
    shown = _short(path)
    renewal = (
        f"`jatossync token --new` takes it and puts it into {shown}; it is noticed at once, "
        "without a restart."
    )
    return _from_file(path, f"token_file {shown}", renewal, path)


def _from_file(path: str, source: str, renewal: str, watched: str | None = None) -> Token:
    try:
        return Token(_text(path), source, renewal, watched)
    except OSError as exc:
        raise ConfigError(
            f"the token cannot be read from {source}: {exc.strerror}",
            "Put the token into that file, or name another one. " + _HOW_TO_GET_ONE,
        ) from exc


def _text(path: str) -> str:
    """
    A file's text, as editors and shells of all systems write it (PowerShell: UTF-16).

    What is no text comes out as U+FFFD: no error that could show the bytes.
    """
    with open(path, "rb") as file:
        raw = file.read(_MAX_BYTES)
    utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    return raw.decode("utf-16" if utf16 else "utf-8-sig", errors="replace")


def _readable_by_others(path: str) -> list[str]:
    if os.name == "nt":  # access control lists: the mode says nothing
        return []
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return []
    if not mode & 0o077:
        return []
    return [f"Others on this computer can read the token; type: chmod 600 {shlex.quote(path)}"]


def _short(path: str) -> str:
    home = os.path.expanduser("~")
    return "~" + path[len(home) :] if path.startswith(home + os.sep) else path
