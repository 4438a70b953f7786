"""What is said once: that something is in order or not, what to know, and JSON for scripts."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import click

from jatossync.cli.terminal import can_ask, fitted
from jatossync.errors import JatossyncError


def done(text: str) -> None:
    """Something that is in order."""
    _say(f"✓ {text}", "green")


def wrong(error: JatossyncError) -> None:
    """Something that is not, and what to do."""
    _say(f"✗ {error.message}", "red")
    if error.hint:
        note(f"  → {error.hint}")


def note(text: str) -> None:
    """What else is worth knowing."""
    click.echo(fitted(text, sys.stdout, "    " if text.startswith(" ") else ""))


def agreed(question: str, as_json: bool) -> bool:
    """What a person at a terminal answers; nobody there, or only a script, means no."""
    return not as_json and can_ask() and click.confirm(question)


def tell_json(told: Any, *, indent: int | None = 1) -> None:
    """For scripts; in ASCII, which every encoding of a pipe passes on as it is."""
    click.echo(json.dumps(told, indent=indent))


def _say(text: str, colour: str) -> None:
    mark, rest = fitted(text, sys.stdout, "  ").split(" ", 1)
    click.echo(f"{click.style(mark, fg=colour)} {rest}")


def short(path: str) -> str:
    """A path with ~ for the home directory."""
    home = os.path.expanduser("~")
    return "~" + path[len(home) :] if path.startswith(home + os.sep) else path
