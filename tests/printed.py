"""What jatossync prints, searched for tokens (law 12)."""

from __future__ import annotations

import re

TOKEN = re.compile(r"jap_[0-9A-Za-z]{31}[0-9a-f]{6}")


def lines_with_tokens(text: str) -> list[str]:
    """The lines in which a whole token was printed; the token itself is not repeated."""
    return [TOKEN.sub("jap_***", line) for line in text.splitlines() if TOKEN.search(line)]
