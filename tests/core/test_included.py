"""core/included.py: which ignore rules count until everybody has decided."""

from __future__ import annotations

from jatossync.core.ignore import RuleSet
from jatossync.core.included import RuleMemory
from jatossync.core.model import Entry, Kind, Snapshot
from jatossync.core.paths import ROOT, RelPath

OLD = RuleSet(("raw/",))
NEW = RuleSet(("video/",))
NEWER = RuleSet(("audio/",))


class Shelf:
    def __init__(self) -> None:
        self.sets: list[RuleSet] = []

    def load(self) -> list[RuleSet]:
        return list(self.sets)

    def save(self, sets: list[RuleSet]) -> None:
        self.sets = list(sets)


def seen(rule_set: RuleSet, scope: RelPath = ROOT, **entries: Entry) -> Snapshot:
    found = {RelPath(path): entry for path, entry in entries.items()}
    return Snapshot(frozenset([scope]), found, rule_set)


FOUND = Entry(Kind.FILE, was_ignored=True)


def memory(shelf: Shelf, *, rehearsal: bool = False) -> RuleMemory:
    return RuleMemory(shelf, rehearsal=rehearsal)


def test_the_first_rules_change_nothing_and_other_ones_do() -> None:
    shelf = Shelf()
    rules = memory(shelf)
    assert not rules.learn(seen(OLD))
    assert not rules.learn(seen(OLD))
    assert rules.learn(seen(NEW))
    assert list(memory(shelf).before) == [OLD, NEW]


def test_rules_that_come_back_are_the_newest_and_all_between_still_count() -> None:
    rules = memory(Shelf())
    for patterns in (OLD, NEW, NEWER, OLD):
        rules.learn(seen(patterns))
    assert list(rules.before) == [NEW, NEWER, OLD]


def test_where_nothing_was_left_out_by_them_the_rules_of_before_are_forgotten() -> None:
    rules = memory(Shelf())
    rules.learn(seen(OLD))
    rules.learn(seen(NEW))
    rules.review(seen(NEW, a=Entry(Kind.FILE)), lambda _: False, waiting=False)
    assert list(rules.before) == [NEW]


def test_what_they_left_out_is_remembered_until_it_is_published() -> None:
    rules = memory(Shelf())
    rules.learn(seen(OLD))
    rules.learn(seen(NEW))
    rules.review(seen(NEW, a=FOUND), lambda _: False, waiting=False)
    rules.review(seen(NEW, a=FOUND), lambda _: True, waiting=True)
    rules.review(seen(NEW, RelPath("dir")), lambda _: True, waiting=False)
    rules.review(seen(NEW, a=Entry(Kind.UNKNOWN)), lambda _: True, waiting=False)
    assert list(rules.before) == [OLD, NEW]
    rules.review(seen(NEW, a=FOUND), lambda _: True, waiting=False)
    assert list(rules.before) == [NEW]


def test_a_rehearsal_remembers_nothing() -> None:
    shelf = Shelf()
    rules = memory(shelf, rehearsal=True)
    rules.learn(seen(OLD))
    assert shelf.sets == []
    assert list(rules.before) == [OLD]
