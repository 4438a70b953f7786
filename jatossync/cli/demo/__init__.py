"""`jatossync demo`: see it work, without a JATOS of your own."""

from __future__ import annotations

import importlib.util
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from jatossync.cli import exits
from jatossync.cli.demo.show import Interrupted, Show
from jatossync.cli.demo.stage import Workplace
from jatossync.cli.demo.study import copy_study, write_example
from jatossync.cli.demo.view import View, opened_view
from jatossync.core.model import Entry
from jatossync.core.paths import RelPath
from jatossync.errors import JatossyncError


@click.command("demo")
@click.option("--keep", is_flag=True, help="Leave it running afterwards, until Ctrl-C.")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Use a copy of this study instead of a small example.",
)
def command(keep: bool, folder: Path | None) -> int:
    """See it work, without a JATOS of your own.

    Mirrors a small study in a temporary folder to a look-alike of JATOS on this computer, makes the
    edits a person would make, and compares both sides byte for byte.

    \b
    Example:
      jatossync demo --keep
    """
    if importlib.util.find_spec("python_multipart") is None:
        raise JatossyncError(
            "the demo needs one more package, python-multipart",
            f"type: {sys.executable} -m pip install python-multipart",
        )
    with _interruptible() as check, Workplace() as place, opened_view() as view:
        try:
            origin = _prepare(place, folder, view, check)
            with _left_to_look_at(place):
                Show(place, view, check).run(origin, keep)
        except Interrupted:
            view.finish()
            view.say(f"Stopped before the end, and removed {place.root}")
            return exits.INTERRUPTED
    return 0


def _prepare(
    place: Workplace, folder: Path | None, view: View, check: Callable[[], None]
) -> Mapping[RelPath, Entry]:
    """Put the study in its place; what was found in the user's own, nothing for the example."""
    if folder is None:
        view.say("A small example study, kept the same on both sides:")
        write_example(place.study)
        return {}
    origin = copy_study(folder, place.study, check)
    view.say(f"A copy of your study, kept the same on both sides ({folder} stays as it is):")
    return origin


@contextmanager
def _interruptible() -> Iterator[Callable[[], None]]:
    """
    What asks the demo to end takes effect where `check` is called, and nowhere else.

    So nothing is half started or half stopped, however often Ctrl-C is pressed.
    """
    asked = threading.Event()

    def check() -> None:
        if asked.is_set():
            raise Interrupted

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    previous = {number: signal.signal(number, lambda *_: asked.set()) for number in numbers}
    try:
        yield check
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def _left_to_look_at(place: Workplace) -> Iterator[None]:
    """After a failure everything stays, and the user learns where."""
    try:
        yield
    except (JatossyncError, OSError) as exc:
        place.keep()
        hint = f"what jatossync said is in {place.log}; all files are left in that folder"
        raise JatossyncError(str(exc), hint) from exc
