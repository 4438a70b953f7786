"""The programs that the demo starts, and stops by their process ids."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import jatossync
from jatossync.errors import JatossyncError
from jatossync.log import escaped, human_size

STOP_S = 8.0
"""The daemon gives requests under way 3 s to end."""

LAST_LINES = 10

OURS = ("CREDENTIALS_DIRECTORY", "STATE_DIRECTORY")
"""Read by jatossync beside its configuration, like all that begins with `JATOSSYNC_`."""


class Child:
    """
    One program, `python -m …`, writing into files.

    Args:
        name: What people call it.
        out: For its standard output.
        log: For its standard error; its directory is the program's working directory.
    """

    def __init__(self, name: str, arguments: Sequence[str], out: Path, log: Path) -> None:
        self.name = name
        self.log = log
        self._read_bytes = 0
        with out.open("wb") as output, log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env=environment(os.environ),
                cwd=log.parent,
                # Ctrl-C is for the demo, which then stops the programs in their order.
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def check(self) -> None:
        """
        Raises:
            JatossyncError: The program has ended, which it should not; with its last lines.
        """
        code = self._process.poll()
        if code is not None:
            how = f"ended with exit code {code}" if code >= 0 else f"was ended by signal {-code}"
            lines = self.log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:]
            said = "".join(f"\n    {told(line)}" for line in lines) or " none"
            raise JatossyncError(f"{self.name} {how}; its last lines:{said}")

    def new_lines(self) -> list[str]:
        """The lines that came into its log since the last call."""
        with self.log.open("rb") as log:
            log.seek(self._read_bytes)
            whole, end, _ = log.read().rpartition(b"\n")
        self._read_bytes += len(whole) + len(end)
        return whole.decode("utf-8", "replace").splitlines()


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The user's environment without settings of jatossync: the user's token is not for a demo."""
    kept = {
        name: value
        for name, value in given.items()
        if not name.startswith("JATOSSYNC_") and name not in OURS
    }
    # The programs are the very code that runs here, wherever it lies.
    home = os.path.dirname(os.path.dirname(jatossync.__file__))
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, [home, given.get("PYTHONPATH")]))}


def told(line: str) -> str:
    """A line of a log in words; of the daemon's JSON `uploaded  index.html  812 B  9 ms`."""
    try:
        fields = json.loads(line)
    except ValueError:
        return escaped(line)
    parts = [str(fields[key]) for key in ("event", "path", "reason") if key in fields]
    if "size" in fields:
        parts.append(human_size(fields["size"]))
    if "ms" in fields:
        parts.append(f"{fields['ms']} ms")
    return escaped("  ".join(parts))
