"""Where the demo plays: a temporary folder, the emulator, and the daemon as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from jatossync.cli.demo.children import Child

CONFIG = """\
# Written by `jatossync demo`; your own looks just like it.
server: {url}
study: {study}
folder: study
token_file: token
state: state
"""

ANSWER_S = 10.0


class Workplace:
    """A temporary folder that only its user can read; at the end only what is kept is left."""

    def __init__(self) -> None:
        self.root = Path(os.path.realpath(tempfile.mkdtemp(prefix="jatossync-demo-")))
        self.study = self.root / "study"
        self.config = self.root / "jatossync.yaml"
        self.log = self.root / "jatossync.log"
        self._kept: set[Path] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for path in set(self.root.iterdir()) - self._kept:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        if not self._kept:
            self.root.rmdir()

    def keep(self, *paths: Path) -> None:
        """Leave these behind; all where none is named."""
        self._kept.update(paths or self.root.iterdir())

    def configure(self, jatos: Jatos) -> None:
        """Write the configuration and, for its user's eyes only, the token."""
        self.config.write_text(CONFIG.format(url=jatos.url, study=jatos.study), "utf-8")
        token = self.root / "token"
        token.touch(mode=0o600)
        token.write_text(jatos.token + "\n", "utf-8")

    def start_emulator(self) -> Child:
        """Start the look-alike of JATOS; `introduced` waits for it."""
        arguments = ["jatossync.emulator", "--dialect", "3.10", "--assets", "jatos"]
        return Child("the emulator", arguments, self._introduction, self.root / "emulator.log")

    def start_daemon(self) -> Child:
        """Start `jatossync run`."""
        arguments = ["jatossync", "run", "--config", str(self.config), "--log-format", "json"]
        return Child("`jatossync run`", arguments, self.root / "jatossync.out", self.log)

    def introduced(self, pause: Callable[[], None]) -> Jatos:
        """Wait until the emulator has said where it is."""
        while not (line := self._introduction.read_text("utf-8")).endswith("\n"):
            pause()
        said = json.loads(line)
        return Jatos(said["url"], said["study"], said["token"], Path(said["folder"]))

    @property
    def _introduction(self) -> Path:
        return self.root / "emulator.json"


@dataclass(frozen=True)
class Jatos:
    """The running emulator."""

    url: str
    study: str
    token: str
    folder: Path
    """Where it keeps the study's assets."""

    @property
    def target(self) -> str:
        """What the targets of all requests about assets begin with."""
        return f"/jatos/api/v1/studies/{self.study}/assets/"

    @property
    def page(self) -> str:
        """For a browser: what it has, and what it was asked."""
        return f"{self.url}/emulator/"

    def uploads(self) -> Counter[str]:
        """How often each path was uploaded."""
        # A proxy that the user's environment names is not for this computer itself.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.page}requests", timeout=ANSWER_S) as answer:
            requests = json.load(answer)
        return Counter(
            request["path"].partition("/assets/")[2]
            for request in requests
            if request["method"] == "POST" and request["status"] in (200, 201)
        )
