"""
Missed events: changes that a routine scan found, and that the watcher had not reported.

They are mirrored like all others; but they show that the watcher is blind to something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from jatossync.core.actions import Action, Delete, Upload
from jatossync.core.model import Row
from jatossync.core.paths import RelPath, parents


def unheard(
    actions: Iterable[Action],
    hinted: Callable[[RelPath], bool],
    row_of: Callable[[RelPath], Row | None],
) -> Iterator[Upload | Delete]:
    """
    The writes of a pass that follow from such changes.

    Args:
        hinted: Whether a hint, acted upon or not, named this very path.
        row_of: What the manifest has of a path.
    """
    for action in actions:
        if not isinstance(action, Upload | Delete):
            continue
        if any(map(hinted, (action.path, *parents(action.path)))):
            continue
        row = row_of(action.path)
        only_jatos_changed = (
            isinstance(action, Upload) and row is not None and row.content == action.content
        )
        if not only_jatos_changed:
            yield action
