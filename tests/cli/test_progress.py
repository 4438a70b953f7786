"""How far long work has come."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from contextlib import suppress

import pytest

from jatossync.cli.progress import Amount, numbers, progress

ERASE_LINE = "\x1b[2K"


def frames(screen: int) -> Iterator[str]:
    """What was written to a terminal that is closed, which Linux calls an error."""
    with suppress(OSError):
        while part := os.read(screen, 65536):
            yield part.decode("utf-8", "replace")


def test_the_numbers_beside_the_bar_say_files_bytes_rate_and_time_left() -> None:
    assert (
        numbers(Amount(12, 40, 3_400_000, 120_000_000), 12_000_000, 69.7)
        == "12/40 files  3.4 MB of 120 MB  12 MB/s  1:10 left"
    )
    assert numbers(Amount(12, 40), 30, 9) == "12/40 files  0:09 left"
    assert numbers(Amount(0, 40, 0, 100), None, None) == "0/40 files  0 B of 100 B"
    assert numbers(None, None, None) == ""


def test_without_a_terminal_there_are_lines_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress("uploading") as shown:
        shown.show(Amount(1, 2))
        shown.say("uploaded  js/[red]task.js")
    assert capsys.readouterr().out == "uploaded  js/[red]task.js\n"


def test_on_a_terminal_lines_stay_whole_above_a_bar_that_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = pty.openpty()
    line = "uploaded  " + "long/" * 30 + ":smile:[red]task.js"
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        monkeypatch.setenv("TERM", "xterm-256color")
        with progress("uploading") as shown:
            shown.show(Amount(1, 2, 500, 1000))
            shown.say(line)
    drawn = "".join(frames(ours))
    os.close(ours)
    assert line in drawn
    assert "1/2 files  500 B of 1.0 kB" in drawn
    assert "files" not in drawn.rpartition(ERASE_LINE)[2], "the bar was wiped away"
