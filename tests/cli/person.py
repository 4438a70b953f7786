"""Somebody at a terminal: the program in a pseudo-terminal of 80 columns, questions and answers."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.printed import lines_with_tokens
from tests.scenarios.starter import ROOT

DEADLINE_S = 60.0
COLUMNS, ROWS = 80, 40
TO_TERMINALS = 0x5414  # TIOCSWINSZ
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def user_environment(home: Path, **more: str) -> dict[str, str]:
    """A user's environment with nothing of ours in it."""
    home.mkdir(exist_ok=True)
    inherited = {key: os.environ[key] for key in ("PATH", "TMPDIR", "LANG") if key in os.environ}
    ours = {"HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return inherited | ours | {"PYTHONWARNINGS": "default::ResourceWarning"} | more


class Person:
    """Use it in a `with` statement; leaves the program no way to go on without an answer."""

    def __init__(
        self, place: Path, home: Path, command: list[str], environment: dict[str, str]
    ) -> None:
        import fcntl

        self._screen, theirs = pty.openpty()
        fcntl.ioctl(theirs, TO_TERMINALS, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            command,
            cwd=place,
            env=user_environment(home, **{"TERM": "xterm-256color", **environment}),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, 0x540E, 0),  # TIOCSCTTY: /dev/tty is this one
        )
        os.close(theirs)
        self.raw = ""
        self._read = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._screen)

    @property
    def text(self) -> str:
        """All that was shown, without colours."""
        return _CONTROL.sub("", self.raw).replace("\r\n", "\n")

    @property
    def sentences(self) -> str:
        """All that was shown, in a form to search: no line ends in the middle of a sentence."""
        return " ".join(self.text.split())

    @property
    def fits(self) -> bool:
        """Whether no line was too wide for the screen."""
        return all(len(line) <= COLUMNS for line in self.text.splitlines())

    def expect(self, part: str) -> None:
        """Wait until `part` is shown, after what was expected before."""
        deadline_s = time.monotonic() + DEADLINE_S
        while part not in self.text[self._read :]:
            assert time.monotonic() < deadline_s, f"never shown: {part!r} in {self.text}"
            assert self._more(), f"ended without {part!r}: {self.text}"
        self._read = self.text.index(part, self._read) + len(part)

    def answer(self, question: str, answer: str) -> None:
        """Type an answer once the question is shown."""
        self.expect(question)
        self.type(answer + "\n")

    def type(self, keys: str) -> None:
        """Press keys; "\\x03" is Ctrl-C."""
        os.write(self._screen, keys.encode())

    def end(self) -> int:
        """Wait for the end of the program; its exit code."""
        while self._more():
            pass
        code = self._process.wait(DEADLINE_S)
        assert not lines_with_tokens(self.raw), "a token was shown"
        assert "Traceback" not in self.raw, self.text
        return code

    def _more(self) -> bool:
        """Read what comes next; False where nothing comes any more."""
        with suppress(OSError):  # so Linux calls the end
            if select.select([self._screen], [], [], DEADLINE_S)[0]:
                part = os.read(self._screen, 65536)
                self.raw += part.decode("utf-8", "replace")
                return bool(part)
        return False
