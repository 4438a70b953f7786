"""
What takes part only because the ignore rules changed (law 10): which rules held before.

All rule sets are remembered under which something was left out that nobody has decided about since.
Once nothing is left that one of them ignored, only those that hold now count.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from jatossync.core.ignore import RuleSet
from jatossync.core.model import Kind, Snapshot
from jatossync.core.paths import ROOT, RelPath


class RuleShelf(Protocol):
    """Where rule sets outlive the process; state/rules.py."""

    def load(self) -> list[RuleSet]: ...
    def save(self, sets: list[RuleSet]) -> None: ...


class RuleMemory:
    """The rule sets that count, the newest last."""

    def __init__(self, shelf: RuleShelf, *, rehearsal: bool) -> None:
        self._shelf = shelf
        self._rehearsal = rehearsal
        self._sets = shelf.load()

    @property
    def before(self) -> tuple[RuleSet, ...]:
        """What a scan is to compare the rules with that hold."""
        return tuple(self._sets)

    def learn(self, snapshot: Snapshot) -> bool:
        """
        These rules held in a scan; kept before anything is sent because of them.

        Returns:
            Whether they are others than before, so that all is to be looked at anew.
        """
        newest = self._sets[-1] if self._sets else None
        if snapshot.rule_set in (None, newest):
            return False
        self._keep([*(each for each in self._sets if each != snapshot.rule_set), snapshot.rule_set])
        return newest is not None

    def review(
        self, snapshot: Snapshot, published: Callable[[RelPath], bool], *, waiting: bool
    ) -> None:
        """
        Let go of the rules of before, where nothing is left that they ignored.

        Args:
            published: Whether JATOS has this of us.
            waiting: Whether a person has to decide about something that was ignored.
        """
        if len(self._sets) < 2 or waiting or ROOT not in snapshot.scope:
            return
        for path, entry in snapshot.entries.items():
            if entry.kind is Kind.UNKNOWN or (entry.was_ignored and not published(path)):
                return
        self._keep(self._sets[-1:])

    def _keep(self, sets: list[RuleSet]) -> None:
        self._sets = sets
        if not self._rehearsal:
            self._shelf.save(sets)
