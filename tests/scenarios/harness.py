"""
A study as a researcher has it: a folder, a configuration, a token, and a JATOS at the other end.

Everything goes through the program itself, in processes of its own; what is on JATOS is read from
the emulator's disk, and what was asked of it from the emulator's own list.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

import yaml

from tests.awaiting import DEADLINE_S, wait_until
from tests.emulator.handle import Emulator
from tests.printed import lines_with_tokens
from tests.scenarios.starter import PROGRAM, ROOT, start

REST_S = 0.4
"""Both sides are at rest when they are equal and JATOS was sent nothing for so long: `quiet` and a
request would fit in."""


def shell(script: str, cwd: Path, *arguments: str) -> None:
    """Run a shell script as a user would type it."""
    subprocess.run(["sh", "-eu", "-c", script, "sh", *arguments], cwd=cwd, check=True)


@dataclass(frozen=True)
class Said:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All it printed, in a form to search: no line ends in the middle of a sentence."""
        return " ".join((self.out + self.err).split())


class Sent(NamedTuple):
    """One request that was to change the study, in order of arrival."""

    method: str
    path: str
    status: int | None
    """None while it is under way, and where no answer left."""
    under_way: bool


class Study:
    """A study folder and its study on the emulator; all options go into the configuration."""

    def __init__(self, place: Path, emulator: Emulator, **options: object) -> None:
        self.jatos = emulator
        made = emulator.add_study(place.name)
        self.uuid: str = made["uuid"]
        self.assets = Path(made["folder"])
        self.place = place
        self.folder = place / "study"
        self.folder.mkdir()
        self.state = place / "state"
        self.config = place / "jatossync.yaml"
        self.token_file = place / "token"
        self.save_token(emulator.token)
        self.options: dict[str, object] = {
            "server": emulator.url,
            "study": self.uuid,
            "folder": str(self.folder),
            "token_file": str(self.token_file),
            "state": str(self.state),
            "log": {"level": "debug"},
            # Sooner than the defaults: nearly every scenario waits for both. And without limits:
            # what waits for a person has scenarios of its own.
            "watch": {"quiet": "150ms"},
            "deletes": {"delay": "300ms", "max_files": 100_000, "max_share": 1},
        }
        self.configure(**options)
        self.stays_here: set[str] = set()
        """Files of the folder that are not to be published."""
        self.more_environment: dict[str, str] = {}

    def configure(self, **options: object) -> None:
        """Write the configuration with these options changed; None leaves one out."""
        self.options |= options
        written = {key: value for key, value in self.options.items() if value is not None}
        self.config.write_text(yaml.safe_dump(written), "utf-8")

    def save_token(self, token: str) -> None:
        """Put a token into the token file, for nobody else to read."""
        self.token_file.touch(0o600)
        self.token_file.write_text(token + "\n", "ascii")

    # The program.

    def command(self, *arguments: str) -> list[str]:
        """The command line of one of the program's commands with this study's configuration."""
        name, *rest = arguments
        return [*PROGRAM, name, "--config", str(self.config), *rest]

    @property
    def environment(self) -> dict[str, str]:
        """A user's environment with nothing of ours in it."""
        inherited = {
            key: os.environ[key] for key in ("PATH", "TMPDIR", "LANG") if key in os.environ
        }
        home = self.place / "home"
        home.mkdir(exist_ok=True)
        ours = {"HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
        ours |= {"PYTHONWARNINGS": "default::ResourceWarning"}
        return inherited | ours | self.more_environment

    def cli(self, *arguments: str) -> Said:
        """Run one command to its end."""
        return self.program(self.command(*arguments))

    def program(self, command: list[str], **environment: str) -> Said:
        """Run one command line to its end."""
        with TemporaryFile() as out, TemporaryFile() as err:
            process = start(command, self.place, self.environment | environment, out, err)
            try:
                code = process.wait(DEADLINE_S)
            finally:
                process.kill()
                process.wait(
                    DEADLINE_S
                )  # else what tells of its end is left to trouble other tests
            said = Said(code, _text(out), _text(err))
        self.check_output(said.out + said.err)
        return said

    def run(self, *inside: str) -> Daemon:
        """
        The daemon, for a `with` statement.

        Args:
            inside: A command line that runs the one that follows it, in its own process.
        """
        return Daemon(self, inside)

    def check_output(self, text: str) -> None:
        """What the program must never print."""
        assert not lines_with_tokens(text), "a token was printed"
        assert "Traceback" not in text, text
        assert "ResourceWarning" not in text, text

    # Both sides.

    def write(self, path: str, content: bytes | str) -> Path:
        """A file in the folder, with the directories above it."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def put_on_jatos(self, path: str, content: bytes) -> None:
        """Change a file on JATOS's disk, as somebody else would."""
        file = self.assets / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def local(self) -> dict[str, bytes]:
        """What should be on JATOS: all files that are neither empty nor `stays_here`."""
        return {
            path: content
            for path, content in files_below(self.folder).items()
            if content and path not in self.stays_here
        }

    def remote(self) -> dict[str, bytes]:
        """What is on JATOS."""
        return files_below(self.assets)

    def in_step(self) -> bool:
        """Whether JATOS has, byte for byte, what it should have."""
        try:
            return self.local() == self.remote()
        except FileNotFoundError:
            return False  # it went away while it was being read

    def await_equal(self) -> None:
        """Wait until both sides are equal and stay so, with nothing more being sent."""
        self.await_rest(self.in_step)

    def await_rest(self, wanted: Callable[[], bool] = lambda: True) -> None:
        """Wait until nothing more is being sent and, all the while, it is as `wanted`."""
        last: list[Sent] = []
        since_s = time.monotonic()

        def rested() -> bool:
            nonlocal last, since_s
            sent = self.sent()
            if sent != last or any(each.under_way for each in sent) or not wanted():
                last, since_s = sent, time.monotonic()
            return time.monotonic() - since_s >= REST_S

        wait_until(rested, self._difference)

    def _difference(self) -> str:
        local, remote = self.local(), self.remote()
        differing = {path for path in local.keys() & remote.keys() if local[path] != remote[path]}
        lines = [
            f"missing on JATOS: {_some(local.keys() - remote.keys())}",
            f"too much on JATOS: {_some(remote.keys() - local.keys())}",
            f"different: {_some(differing)}",
            *(str(each) for each in self.sent()[-5:]),
            *(log.read_text("utf-8")[-3000:] for log in sorted(self.place.glob("run-*.log"))[-1:]),
        ]
        return "\n".join(lines)

    # What was done.

    def sent(self, *methods: str) -> list[Sent]:
        """The requests that were to change this study (default: uploads and deletes)."""
        top = f"/studies/{self.uuid}/assets/"
        return [
            Sent(
                each["method"],
                each["path"].removeprefix(top),
                each["status"],
                each["ms"] is None,
            )
            for each in self.jatos.requests()
            if each["path"].startswith(top) and each["method"] in (methods or ("POST", "DELETE"))
        ]

    def stored(self) -> Counter[str]:
        """How often each path was uploaded with success."""
        return Counter(
            each.path for each in self.sent("POST") if each.status is not None and each.status < 300
        )

    def acknowledged(self) -> list[tuple[str, str, str | None]]:
        """Path, verb and SHA-256 of all that JATOS said yes to, from the history."""
        uri = f"file:{self.state / 'state.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as state:
            rows = state.execute("SELECT path, verb, sha256 FROM history ORDER BY id").fetchall()
        return [(os.fsdecode(path), verb, sha256) for path, verb, sha256 in rows]

    def assert_nothing_was_sent_twice(self) -> None:
        """No upload of bytes that were there already; and the history has each upload."""
        held: dict[str, str | None] = {}
        counted: Counter[str] = Counter()
        for path, verb, sha256 in self.acknowledged():
            if verb == "upload":
                assert held.get(path) != sha256, f"{path} was sent again with the same bytes"
                counted[path] += 1
            held[path] = sha256 if verb == "upload" else None
        assert counted == self.stored()

    def trash(self) -> list[bytes]:
        """The bytes that were kept."""
        return list(files_below(self.state / "trash").values())


class Daemon:
    """`jatossync run` in the foreground of some terminal."""

    def __init__(self, study: Study, inside: Sequence[str] = ()) -> None:
        self._study = study
        self._output = study.place / f"run-{len(list(study.place.glob('run-*.log')))}.log"
        command = [*inside, *study.command("run", "--log-format", "json")]
        with self._output.open("wb") as output:
            self.process = start(command, study.place, study.environment, output, output)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.process.kill()
            self.process.wait(DEADLINE_S)
        elif self.process.poll() is None:
            assert self.stop() == 0, self.output()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it as a user or systemd would; its exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait for its end; its exit code."""
        code = self.process.wait(DEADLINE_S)
        self._study.check_output(self.output())
        return code

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.ended()

    def output(self) -> str:
        """All it printed."""
        return self._output.read_text("utf-8")

    def log(self, event: str | None = None) -> list[dict[str, Any]]:
        """The lines of its log, or those of one event."""
        lines = [line for line in self.output().splitlines(True) if re.match(r"\{.*\}\n", line)]
        told = [json.loads(line) for line in lines]
        return [each for each in told if event in (None, each["event"])]

    def await_log(self, event: str) -> None:
        """Wait until it tells of `event`."""
        wait_until(lambda: bool(self.log(event)), lambda: f"{event!r} in {self.output()}")


def _text(file: BinaryIO) -> str:
    """All that was written to a file."""
    file.seek(0)
    return file.read().decode()


def files_below(top: Path) -> dict[str, bytes]:
    """All files below a directory, but for git's own: path to content."""
    found: dict[str, bytes] = {}
    for directory, names, files in os.walk(top):
        if ".git" in names:
            names.remove(".git")
        for name in files:
            path = Path(directory, name)
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(top).as_posix()] = path.read_bytes()
    return found


def _some(paths: Iterable[str]) -> str:
    found = sorted(paths)
    return f"{len(found)} {found[:5]}"
