"""
What jatossync tells while it runs: structured lines for people, machines and the journal.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"jap_[0-9A-Za-z]{20,}")


def redact(text: str) -> str:
    """`text` without anything that looks like a JATOS token (law 12)."""
    return _TOKEN.sub("jap_…", text)
