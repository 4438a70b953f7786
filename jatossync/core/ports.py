"""What the engine is given: the interface of the state, and its settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from jatossync.core.actions import Delete, Upload
from jatossync.core.holds import Shelf
from jatossync.core.included import RuleShelf
from jatossync.core.jobs import GitState
from jatossync.core.limits import Limits
from jatossync.core.model import Attempt, Content, Past, Row, Unanswered
from jatossync.core.paths import RelPath
from jatossync.core.plan import Policy
from jatossync.core.refusals import Shelf as RefusalShelf


class Store(Protocol):
    """What the engine needs of the state; state/store.py says what each of these means."""

    @property
    def holds(self) -> Shelf: ...
    @property
    def refusals(self) -> RefusalShelf: ...
    @property
    def rules(self) -> RuleShelf: ...
    def known(self, path: RelPath) -> bool: ...
    def long_unread(self, age_s: float, after: Row | None, limit: int) -> list[Row]: ...
    @property
    def files(self) -> int: ...
    def past(self, seconds: float) -> list[Past]: ...
    def paths(self) -> set[RelPath]: ...
    def rows(self, scope: Iterable[RelPath]) -> dict[RelPath, Row]: ...
    def attempts(self, scope: Iterable[RelPath]) -> dict[RelPath, list[Attempt]]: ...
    def begin(self, actions: Iterable[Upload | Delete], burst: int | None) -> int: ...
    def refused(self, action: Upload | Delete) -> None: ...
    def uploaded(self, row: Row, burst: int, seconds: float, late: Unanswered = ()) -> None: ...
    def deleted(
        self, path: RelPath, burst: int, seconds: float, *, approved: bool, late: Unanswered = ()
    ) -> None: ...
    def adopted(self, row: Row, late: Unanswered = ()) -> None: ...
    def refreshed(self, row: Row) -> None: ...
    def forgotten(self, path: RelPath, late: Unanswered = ()) -> None: ...
    def settled(self, path: RelPath, late: Unanswered = ()) -> None: ...
    def kept(self, path: RelPath, content: Content, study: str, why: str) -> bool: ...
    def provenance(self, burst: int, state: GitState) -> None: ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How the engine behaves; times in seconds."""

    quiet_s: float = 0.3
    max_wait_s: float = 5.0
    rescan_s: float = 300.0
    verify_s: float = 600.0
    delete_delay_s: float = 2.0
    workers: int = 8
    prefix_bytes: int = 100
    """Length of a request's target up to and including `…/assets/`."""
    policy: Policy = field(default_factory=Policy)
    limits: Limits = field(default_factory=Limits)
    doubtful: bool = False
    """Nothing tells the folder from another one in its place: law 2 wants a person to."""
    dry_run: bool = False
    """Only look and decide; what would change anything is collected in `Engine.planned`."""
