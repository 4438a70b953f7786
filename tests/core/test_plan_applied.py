"""
core/plan.py, applied: whatever three states it finds, where it leads to.

One path in a small pure world. What the plan says is done to it, as the client would, until
nothing more is to be done.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from jatossync.core.actions import (
    Action,
    Adopt,
    Approval,
    Delete,
    Forget,
    Hold,
    HoldKind,
    Keep,
    Look,
    Note,
    Refresh,
    Relist,
    Upload,
)
from jatossync.core.evidence import Evidence
from jatossync.core.model import (
    SMALL_BYTES,
    Attempt,
    Content,
    Entry,
    Kind,
    Listing,
    Row,
    Seen,
    Stat,
    Verb,
)
from jatossync.core.paths import RelPath
from jatossync.core.plan import Policy, decide

PATH = RelPath("a.txt")
A, B, C = (Content(10, letter * 64, number) for number, letter in enumerate("abc", 1))
COLLIDES = Content(10, "d" * 64, 1)
"""The same size and Adler-32 as A: what a listing cannot tell from it."""
LARGE, ALIKE = (Content(SMALL_BYTES + 1, letter * 64, 4 + n) for n, letter in enumerate("ef"))
"""Larger than what is compared byte by byte."""

ENOUGH = 20


@dataclass
class Case:
    """One path: what is here, what was agreed, what lies on JATOS."""

    local: Entry | None
    row: Row | None
    attempts: list[Attempt]
    remote: Content | None
    lists: bool
    policy: Policy
    approval: Approval | None = None
    kept: set[Content] = field(default_factory=set)
    writes: int = 0

    def __post_init__(self) -> None:
        self.evidence = Evidence()
        self.list()

    def list(self) -> None:
        """Ask JATOS for a listing, if it can."""
        if not self.lists:
            return
        there = Seen(self.remote.size, self.remote.adler32, modified_ms=5) if self.remote else None
        self.evidence.listing_ended(Listing({PATH: there} if there else {}))

    def action(self) -> Action | None:
        seen = self.evidence.seen(PATH)
        local, row, policy = self.local, self.row, self.policy
        return decide(PATH, local, row, self.attempts, seen, policy, self.approval)

    def settle(self) -> Action | None:
        """Do what the plan says until it says nothing more to do; the last thing it said."""
        for _ in range(ENOUGH):
            action = self.action()
            if action is None or isinstance(action, Hold | Note):
                return action
            self.apply(action)
        raise AssertionError(f"it never ends: {action}")

    def apply(self, action: Action) -> None:
        match action:
            case Relist():
                self.list()
            case Look():
                self.evidence.confirmed(PATH, self.look(action.whole))
            case Keep():
                assert self.remote is not None
                self.kept.add(self.remote)
                self.evidence.confirmed(PATH, replace(self.look(whole=True), kept=True))
            case Upload():
                self.upload(action)
            case Delete():
                self.delete(action)
            case Adopt():
                self.agree(action.content)
            case Refresh():
                self.row = action.row
            case Forget():
                self.row, self.attempts = None, []

    def look(self, whole: bool = False) -> Seen:
        if self.remote is None:
            return Seen(None, looked=True)
        if self.remote.size > SMALL_BYTES and not whole:
            return Seen(self.remote.size, looked=True)
        return Seen(self.remote.size, self.remote.adler32, self.remote.sha256, looked=True)

    def upload(self, action: Upload) -> None:
        if self.remote == action.content:
            self.agree(action.content)
        elif self.may(action):
            self.destroy()
            self.remote = action.content
            self.agree(action.content)

    def delete(self, action: Delete) -> None:
        assert self.local is None or self.local.kind is Kind.DIRECTORY, "it exists here"
        if self.may(action):
            self.destroy()
            self.remote, self.row, self.attempts = None, None, []
            self.evidence.touched(PATH)

    def may(self, action: Upload | Delete) -> bool:
        """What the look before a write says (law 4)."""
        seen = self.look()
        for content in action.replaceable:
            known = seen.sha256 is None or seen.sha256 == content.sha256
            if seen.size == content.size and known:
                return True
        if seen.size is None:
            return True
        self.evidence.looked(PATH, seen)
        return False

    def destroy(self) -> None:
        """What lies there is about to be gone."""
        if self.remote is None:
            return
        self.writes += 1
        ours = {attempt.content for attempt in self.attempts}
        ours |= {self.row.content} if self.row else set()
        large = self.remote.size > SMALL_BYTES
        assert self.remote in ours | self.kept or (large and self.looks_like(ours | self.kept))

    def looks_like(self, ours: set[Content | None]) -> bool:
        """Of large bytes a look tells only the size: the gap that the README names."""
        return any(mine and self.remote and mine.size == self.remote.size for mine in ours)

    def cannot_be_told(self, content: Content) -> bool:
        """Whether no listing says that what lies there is not this."""
        listed = self.remote and (self.remote.size, self.remote.adler32)
        return not self.lists or listed == (content.size, content.adler32)

    def agree(self, content: Content) -> None:
        self.row, self.attempts = Row(PATH, content, Stat(content.size, 1, 1, 1), 9), []
        self.evidence.touched(PATH)


def file(content: Content) -> Entry:
    return Entry(Kind.FILE, stat=Stat(content.size, 1, 1, 1), content=content, hashed_at_ns=9)


def attempt(content: Content | None) -> Attempt:
    return Attempt(PATH, Verb.UPLOAD if content else Verb.DELETE, content)


contents = st.sampled_from([A, B, C, COLLIDES, LARGE, ALIKE])
entries = st.one_of(
    st.none(),
    contents.map(file),
    st.sampled_from(Kind).filter(lambda kind: kind is not Kind.FILE).map(Entry),
)
rows = st.one_of(
    st.none(),
    st.builds(
        lambda content, proven, remote_ms: Row(
            PATH, content, Stat(content.size, 1, 1, 1), 9, proven, remote_ms
        ),
        contents,
        st.booleans(),
        st.sampled_from([None, 4, 5]),
    ),
)
approvals = st.one_of(
    st.none(),
    st.builds(
        lambda kind, content: Approval(
            PATH, kind, Seen(content.size, content.adler32, content.sha256) if content else None
        ),
        st.sampled_from([HoldKind.DRIFT, HoldKind.CONFLICT]),
        st.one_of(st.none(), contents),
    ),
)
policies = st.builds(
    Policy,
    drift=st.sampled_from(["hold", "restore"]),
    conflict=st.sampled_from(["keep-copy", "hold"]),
)
cases = st.builds(
    Case,
    local=entries,
    row=rows,
    attempts=st.lists(st.one_of(contents, st.none()).map(attempt), max_size=2),
    remote=st.one_of(st.none(), contents),
    lists=st.booleans(),
    policy=policies,
    approval=approvals,
)


@settings(max_examples=300)
@given(cases)
def test_it_comes_to_an_end_and_destroys_nothing_that_is_not_ours_or_kept(case: Case) -> None:
    case.settle()  # the case itself watches over every write


@settings(max_examples=300)
@given(cases)
def test_a_second_time_there_is_nothing_to_do(case: Case) -> None:
    said = case.settle()
    if isinstance(said, Hold):
        return
    before = (case.row, case.remote, case.writes)
    case.approval = None
    case.list()
    again = case.settle()
    assert (case.remote, case.writes) == (before[1], before[2])
    assert type(again) is type(said)


@settings(max_examples=300)
@given(cases)
def test_a_hold_changes_nothing_on_jatos_and_is_said_again(case: Case) -> None:
    before = case.remote
    said = case.settle()
    if isinstance(said, Hold):
        assert case.remote == before
        case.list()
        again = case.settle()
        assert isinstance(again, Hold)
        assert (again.kind, case.remote) == (said.kind, before)


@settings(max_examples=300)
@given(cases)
def test_where_nothing_is_held_or_left_jatos_has_what_is_here(case: Case) -> None:
    said = case.settle()
    if isinstance(said, Hold | Note):
        return
    match case.local:
        case Entry(kind=Kind.FILE, content=content) if content is not None:
            assert case.remote == content or case.cannot_be_told(content)
            assert case.row is not None
            assert case.row.content == content
        case None | Entry(kind=Kind.DIRECTORY):
            assert case.row is None
            assert case.remote is None or not case.lists


@settings(max_examples=300)
@given(cases)
def test_what_takes_no_part_changes_nothing(case: Case) -> None:
    if case.local is None or case.local.kind in (Kind.FILE, Kind.DIRECTORY):
        return
    before = (case.row, case.remote)
    case.settle()
    assert (case.row, case.remote) == before
