"""How changes of the folder are noticed, and how often to look where the system tells nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FASTEST_S = 1.0
SLOWEST_S = 60.0

COSTS = 20
"""A look is made again after so many times what it cost: a twentieth of one processor at most."""

COSTS_WHILE_MOVING = 3
"""The same while something moves, so that it is noticed soon when it rests: a quarter."""


@dataclass(frozen=True, slots=True)
class Watching:
    """How the folder is followed now, for people (law 13)."""

    mode: Literal["events", "poll"]
    """poll: looked at again and again, beside the events there may be."""
    why: str = ""
    """Why it is not followed by events alone, or what they miss; empty where nothing is missed."""
    advice: str = ""
    """What would help."""
    interval_s: float | None = None
    """How far apart the looks are."""


def pause_s(cost_s: float, *, moving: bool = False) -> float:
    """How long to wait after a look at everything that took `cost_s`."""
    costs = COSTS_WHILE_MOVING if moving else COSTS
    return min(max(costs * cost_s, FASTEST_S), SLOWEST_S)
