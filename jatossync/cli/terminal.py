"""What stands at the other end: a terminal or not, and with colours or not."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from typing import TextIO

WIDEST = 100
"""Longer lines are hard to read."""


def wants_colours() -> bool:
    """Whether colours are welcome at all; that they need a terminal is seen where they go."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def can_redraw(stream: TextIO) -> bool:
    """Whether what was drawn there can be drawn over: a terminal, and no simple one."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def fails_again(error: OSError) -> bool:
    """Whether it was standard output that failed: a full disk, or a reader who is gone."""
    try:
        print(flush=True)
    except OSError as again:
        return again.errno == error.errno
    return False


def silence() -> None:
    """From now on nobody is told anything on standard output, and nothing fails because of it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fitted(text: str, stream: TextIO, indent: str = "") -> str:
    """
    `text` as it suits `stream`: on a terminal no line ends in the middle of a word.

    Args:
        indent: What the lines begin with that continue one.
    """
    if not stream.isatty():
        return text
    width = min(shutil.get_terminal_size().columns, WIDEST)
    return "\n".join(
        textwrap.fill(
            line,
            width,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=True,
        )
        for line in text.split("\n")
    )


def can_ask() -> bool:
    """Whether somebody is there to answer a question."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
