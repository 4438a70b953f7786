"""Questions to whoever sets up a study; an option answers each, and nothing waits for nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from jatossync.cli.saying import wrong
from jatossync.cli.terminal import can_ask
from jatossync.errors import JatossyncError

T = TypeVar("T")


def ask(
    option: str,
    question: str,
    check: Callable[[str], T],
    given: str | None,
    default: str | None = None,
    *,
    hidden: bool = False,
    missing: str = "",
) -> T:
    """
    The checked answer: the option's, or the user's, who is asked again until it can be used.

    Args:
        option: What answers this on the command line.
        check: Makes the value of an answer, or raises a JatossyncError that says what is wrong.
        default: What is suggested.
        hidden: Not shown while it is typed.
        missing: What to know where nobody can be asked.

    Raises:
        click.UsageError: Nobody is there to ask.
        JatossyncError: The option's value cannot be used.
    """
    if given is not None:
        return check(given)
    if not can_ask():
        lines = [f"nobody is there to ask for it: add {option}", *([missing] if missing else [])]
        raise click.UsageError("\n".join(lines))
    while True:
        answer: str = click.prompt(question, default=default, hide_input=hidden)
        try:
            return check(answer.strip())
        except JatossyncError as exc:
            wrong(exc)
