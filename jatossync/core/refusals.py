"""
The paths that JATOS does not take, and why. They outlive the process (`Shelf`).

A refusal ends with a success, with another version of the file, and when JATOS is another one
(apiVersion). Until then a path is tried ever more slowly; one that only a change of the file can
help is not tried at all. A start tries each of the others once, holding nobody up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from jatossync.core.actions import Delete, Upload, sent_by
from jatossync.core.jobs import Refused
from jatossync.core.model import Content, Entry
from jatossync.core.paths import RelPath


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why JATOS does not take a path."""

    path: RelPath
    reason: str
    content: Content | None
    """The bytes that were refused; None where a delete was."""
    times: int
    """How often in a row."""
    for_good: bool
    """Only a change of the file can help: it is not tried again."""
    api_version: str
    """Of the JATOS that refused."""
    entry: Entry | None = None
    """The file that is refused for good, once this process has seen it."""

    def is_of(self, action: Upload | Delete) -> bool:
        """Whether the same bytes (or a delete, too) were refused."""
        return self.content == sent_by(action)


class Shelf(Protocol):
    """Where refusals outlive the process; state/refusals.py says what each means."""

    def all(self) -> list[Refusal]: ...
    def put(self, refusal: Refusal) -> None: ...
    def remove(self, path: RelPath) -> None: ...


class Refusals(Mapping[RelPath, Refusal]):
    """
    By path.

    Args:
        rehearsal: Show what is on the shelf and change nothing there.
    """

    def __init__(self, shelf: Shelf, *, rehearsal: bool = False) -> None:
        self._shelf = None if rehearsal else shelf
        self._known = {refusal.path: refusal for refusal in shelf.all()}

    def __getitem__(self, path: RelPath) -> Refusal:
        return self._known[path]

    def __iter__(self) -> Iterator[RelPath]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def of(self, action: Upload | Delete) -> Refusal | None:
        """What is known against this very action."""
        refusal = self._known.get(action.path)
        return refusal if refusal is not None and refusal.is_of(action) else None

    def refuse(self, action: Upload | Delete, refused: Refused, api_version: str) -> int:
        """JATOS said no; how often in a row by now."""
        known = self.of(action)
        upload = action if isinstance(action, Upload) else None
        refusal = Refusal(
            action.path,
            refused.reason,
            upload.content if upload else None,
            known.times + 1 if known else 1,
            refused.for_good,
            api_version,
            upload.entry if upload and refused.for_good else None,
        )
        self._known[refusal.path] = refusal
        if self._shelf is not None:
            self._shelf.put(refusal)
        return refusal.times

    def forbids(self, action: Upload | Delete) -> bool:
        """Whether this need not be tried; what is seen of the file is remembered."""
        refusal = self.of(action)
        if refusal is None or not refusal.for_good:
            return False
        if isinstance(action, Upload):
            self._known[action.path] = replace(refusal, entry=action.entry)
        return True

    def end(self, path: RelPath) -> None:
        """Nothing is known against `path` any more."""
        if self._known.pop(path, None) is not None and self._shelf is not None:
            self._shelf.remove(path)

    def end_of_other_versions(self, api_version: str) -> None:
        """JATOS may have been updated: what another one refused is open again."""
        for path, refusal in list(self._known.items()):
            if refusal.api_version != api_version:
                self.end(path)
