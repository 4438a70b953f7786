"""How counts are said to people."""

from __future__ import annotations

SHOWN = 5
"""So many of one kind are shown; the rest is a number."""


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {one if count == 1 else many or one + 's'}"
