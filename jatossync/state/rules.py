"""The ignore rules that held before, so that a start knows what is new because of other rules."""

from __future__ import annotations

import json

from jatossync.core.ignore import RuleSet
from jatossync.state.database import Database

SCHEMA = """
CREATE TABLE rule_sets (
    number INTEGER PRIMARY KEY, patterns TEXT NOT NULL, quarantine TEXT NOT NULL
);
"""


class RuleSets:
    """What core/included.py asks of the state (`RuleShelf`)."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def load(self) -> list[RuleSet]:
        """The rule sets that count, the newest last."""
        rows = self._db.rows("SELECT patterns, quarantine FROM rule_sets ORDER BY number")
        return [RuleSet(tuple(json.loads(patterns)), quarantine) for patterns, quarantine in rows]

    def save(self, sets: list[RuleSet]) -> None:
        """Only these count from now on."""
        self._db.execute("DELETE FROM rule_sets")
        for patterns, quarantine in sets:
            self._db.execute(
                "INSERT INTO rule_sets (patterns, quarantine) VALUES (?, ?)",
                json.dumps(patterns),
                quarantine,
            )
