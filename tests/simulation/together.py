"""Law 14, for what was saved together: what a page needs arrives before it, deletes come last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.folder import Stance
from tests.simulation.jatos import digest

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass
class Together:
    """Files that were saved (or removed) in one moment."""

    files: dict[str, str | None]
    """Digests; None where the file was removed."""
    at_s: float
    stamp: int
    calm: bool
    """No hint lost or late, no trouble."""

    def check(
        self,
        world: World,
        acknowledged_s: dict[tuple[str, str], float],
        troubled_s: dict[str, float],
        path: str,
        after: bytes | None,
    ) -> None:
        """`path` has just changed on JATOS: did anything have to come before?"""
        now = digest(after) if after is not None else None
        age_s = world.scheduler.now_s - self.at_s
        if path not in self.files or self.files[path] != now or not self.calm or age_s > 50:
            return
        folder = world.folder
        back_meanwhile = folder.changed_at.get(path, 0) > self.stamp  # and gone with another save
        if now is None and (back_meanwhile or folder.is_in_the_way(path)):
            return
        for other, sha in self.files.items():
            earlier = sha is not None and _rank(other, sha) < _rank(path, now)
            last_at = max(folder.changed_at.get(other, 0), folder.touched_at.get(other, 0))
            still = last_at <= self.stamp
            fine = troubled_s.get(other, -1.0) < self.at_s and not _stays(world, other)
            if earlier and still and fine and self._missing(world, other, sha):
                raise world.laws.broken("L14", f"{path} arrived before {other}")

    @staticmethod
    def _missing(world: World, other: str, sha: str | None) -> bool:
        there = world.jatos.at(other)
        return there is None or digest(there) != sha


def _stays(world: World, path: str) -> bool:
    """Whether a path does not go up, or not stay there, for a reason of its own."""
    engine = world.engine
    held = engine is not None and (path in engine.report.held or path in engine.report.notes)
    refused = world.mistakable(path)  # and what is refused holds nobody up
    lies = world.laws.lies_at(path)
    theirs = lies is not None and (not lies.ours or lies.path != path)
    goes_its_own_way = world.laws.never_rests(path) or world.blocked(path)
    stays = held or refused or theirs or goes_its_own_way
    return stays or world.folder.stance(path) is not Stance.FILE


_RANKS = {"css": 1, "js": 2, "json": 2, "html": 3}


def _rank(path: str, sha: str | None) -> int:
    return 4 if sha is None else _RANKS.get(path.rpartition(".")[2], 0)
