"""Everything that jatossync printed while the tests ran, for the last test to search (law 12)."""

from __future__ import annotations

import re

TOKEN = re.compile(r"jap_[0-9A-Za-z]{31}[0-9a-f]{6}")

PRINTED: list[tuple[str, str]] = []
"""`(who, text)`."""


def remember(who: str, text: str) -> None:
    """Keep what `who` printed."""
    PRINTED.append((who, text))


def tokens_printed() -> list[str]:
    """Who printed a whole token, and in which line; the token itself is not repeated."""
    return [
        f"{who}: {TOKEN.sub('jap_***', line)}"
        for who, text in PRINTED
        for line in text.splitlines()
        if TOKEN.search(line)
    ]
