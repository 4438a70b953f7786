"""Sentences for people who set something up: what is in order, what is not, what to know."""

from __future__ import annotations

import os
import sys

import click

from jatossync.cli.terminal import fitted
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


def _say(text: str, colour: str) -> None:
    mark, rest = fitted(text, sys.stdout, "  ").split(" ", 1)
    click.echo(f"{click.style(mark, fg=colour)} {rest}")


def short(path: str) -> str:
    """A path with ~ for the home directory."""
    home = os.path.expanduser("~")
    return "~" + path[len(home) :] if path.startswith(home + os.sep) else path
