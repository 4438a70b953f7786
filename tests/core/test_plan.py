"""core/plan.py: the table of design.md, row by row, and what must hold for every three states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jatossync.core.actions import (
    Action,
    Adopt,
    Approval,
    Delete,
    Forget,
    Hash,
    Hold,
    HoldKind,
    Keep,
    Look,
    Note,
    Refresh,
    Relist,
    Topic,
    Upload,
)
from jatossync.core.model import (
    SMALL_BYTES,
    Attempt,
    Content,
    Doubt,
    Entry,
    Kind,
    Row,
    Seen,
    Snapshot,
    Stat,
    Verb,
)
from jatossync.core.paths import ROOT, RelPath
from jatossync.core.plan import Policy, decide, plan

PATH = RelPath("a.txt")
A, B, C = (Content(10, letter * 64, number) for number, letter in enumerate("abc", 1))
LARGE = Content(SMALL_BYTES + 1, "d" * 64, 4)
HOLD, RESTORE = Policy(), Policy(drift="restore")
ABSENT_LISTED, ABSENT_LOOKED = Seen(None), Seen(None, looked=True)


def file(content: Content, mtime_ns: int = 1) -> Entry:
    return Entry(
        Kind.FILE, stat=Stat(content.size, mtime_ns, 1, 1), content=content, hashed_at_ns=9
    )


def row(content: Content, remote_ms: int | None = 5, mtime_ns: int = 1) -> Row:
    return Row(PATH, content, Stat(content.size, mtime_ns, 1, 1), 9, True, remote_ms)


def listed(content: Content, modified_ms: int = 5) -> Seen:
    return Seen(content.size, content.adler32, modified_ms=modified_ms)


def looked(content: Content, *, kept: bool = False) -> Seen:
    sha256 = content.sha256 if content.size <= SMALL_BYTES or kept else None
    return Seen(content.size, content.adler32, sha256, looked=True, kept=kept)


def sent(content: Content | None) -> list[Attempt]:
    return [Attempt(PATH, Verb.UPLOAD if content else Verb.DELETE, content)]


def of(
    local: Entry | None,
    manifest: Row | None = None,
    seen: Seen | None = None,
    attempts: Iterable[Attempt] = (),
    policy: Policy = HOLD,
) -> Action | None:
    return decide(PATH, local, manifest, list(attempts), seen, policy)


# --- file, no row ---------------------------------------------------------------------------------


def test_a_new_file_that_jatos_does_not_have_is_uploaded() -> None:
    assert of(file(A), seen=ABSENT_LISTED) == Upload(PATH, file(A), A)


def test_a_new_file_of_which_nothing_is_known_there_is_uploaded_after_a_look() -> None:
    action = of(file(A))
    assert isinstance(action, Upload)
    assert action.look
    assert action.replaceable == frozenset()


def test_a_small_file_that_seems_to_be_there_is_compared_before_it_is_adopted() -> None:
    assert of(file(A), seen=listed(A)) == Look(PATH)


def test_a_file_that_is_there_is_adopted() -> None:
    assert of(file(A), seen=looked(A)) == Adopt(PATH, file(A), A, proven=True, remote_ms=None)


def test_a_large_file_that_seems_to_be_there_is_adopted_as_not_proven() -> None:
    assert of(file(LARGE), seen=listed(LARGE)) == Adopt(PATH, file(LARGE), LARGE, False, 5)


def test_a_size_alone_is_no_reason_to_adopt() -> None:
    """JATOS 3.8 cannot list: all that a look at a large file tells is its size."""
    assert of(file(LARGE), seen=Seen(LARGE.size, looked=True)) == Look(PATH, whole=True)


def test_foreign_bytes_are_looked_at_then_kept_then_overwritten() -> None:
    assert of(file(A), seen=listed(B)) == Look(PATH)
    assert isinstance(of(file(A), seen=looked(B)), Keep)
    action = of(file(A), seen=looked(B, kept=True))
    assert action == Upload(PATH, file(A), A, frozenset({B}))


def test_foreign_bytes_are_held_where_the_user_wants_that() -> None:
    action = of(file(A), seen=looked(B), policy=Policy(conflict="hold"))
    assert isinstance(action, Hold)


def test_what_was_attempted_is_ours_and_is_overwritten_without_keeping_it() -> None:
    action = of(file(A), seen=listed(B), attempts=sent(B))
    assert action == Upload(PATH, file(A), A, frozenset({B}))


# --- file, row with the same bytes ----------------------------------------------------------------


@pytest.mark.parametrize("seen", [None, listed(A), looked(A)])
def test_a_file_in_step_is_left_alone(seen: Seen | None) -> None:
    assert of(file(A), row(A), seen) is None


def test_a_stat_that_moved_without_the_bytes_moves_the_row_only() -> None:
    assert of(file(A, mtime_ns=2), row(A)) == Refresh(row(A, mtime_ns=2))


def test_the_time_on_jatos_is_remembered_as_first_listed() -> None:
    assert of(file(A), row(A, remote_ms=None), listed(A, 7)) == Refresh(row(A, remote_ms=7))


def test_a_time_on_jatos_that_moved_is_settled_by_a_look_at_the_bytes() -> None:
    assert of(file(A), row(A), listed(A, 7)) == Look(PATH)
    seen = replace(looked(A), modified_ms=7)
    assert of(file(A), row(A), seen) == Refresh(row(A, remote_ms=7))


def test_a_file_that_jatos_does_not_give_back_is_not_looked_at_for_ever() -> None:
    """One named `structure`: its address is the listing's, which tells no bytes."""
    seen = replace(looked(A), sha256=None, modified_ms=7)
    assert of(file(A), row(A), seen) == Refresh(row(A, remote_ms=7))


@pytest.mark.parametrize("seen", [listed(B), ABSENT_LISTED])
def test_drift_is_looked_at_before_it_is_believed(seen: Seen) -> None:
    assert of(file(A), row(A), seen) == Look(PATH)


@pytest.mark.parametrize("seen", [looked(B), ABSENT_LOOKED])
def test_drift_is_held_by_default(seen: Seen) -> None:
    action = of(file(A), row(A), seen)
    assert isinstance(action, Hold)
    assert action.seen == seen


def test_drift_is_restored_where_the_user_wants_that_and_theirs_is_kept_first() -> None:
    assert isinstance(of(file(A), row(A), looked(B), policy=RESTORE), Keep)
    action = of(file(A), row(A), looked(B, kept=True), policy=RESTORE)
    assert action == Upload(PATH, file(A), A, frozenset({A, B}))
    assert of(file(A), row(A), ABSENT_LOOKED, policy=RESTORE) == Upload(PATH, file(A), A)


@pytest.mark.parametrize("attempted", [B, None])
def test_an_unanswered_request_makes_the_manifest_doubtful(attempted: Content | None) -> None:
    assert of(file(A), row(A), attempts=sent(attempted)) == Look(PATH)
    assert isinstance(of(file(A), row(A), looked(B), attempts=sent(B)), Upload)


# --- file, row with other bytes -------------------------------------------------------------------


@pytest.mark.parametrize("seen", [None, listed(B), looked(B)])
def test_a_changed_file_replaces_our_last_version(seen: Seen | None) -> None:
    assert of(file(A), row(B), seen) == Upload(PATH, file(A), A, frozenset({B}))


def test_a_conflict_is_kept_then_overwritten_or_held() -> None:
    assert of(file(A), row(B), listed(C)) == Look(PATH)
    assert isinstance(of(file(A), row(B), looked(C)), Keep)
    assert of(file(A), row(B), looked(C, kept=True)) == Upload(PATH, file(A), A, frozenset({B, C}))
    assert isinstance(of(file(A), row(B), looked(C), policy=Policy(conflict="hold")), Hold)


def test_a_changed_file_that_somebody_removed_there_is_uploaded() -> None:
    assert of(file(A), row(B), ABSENT_LISTED) == Upload(PATH, file(A), A, frozenset({B}))


# --- absent ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [None, listed(A), looked(A)])
def test_a_file_that_is_gone_here_is_deleted_there(seen: Seen | None) -> None:
    assert of(None, row(A), seen) == Delete(PATH, frozenset({A}))


def test_a_file_that_is_gone_on_both_sides_is_forgotten_after_a_look() -> None:
    assert of(None, row(A), ABSENT_LISTED) == Look(PATH)
    assert of(None, row(A), ABSENT_LOOKED) == Forget(PATH)


def test_bytes_that_somebody_changed_there_are_kept_before_they_are_deleted() -> None:
    assert of(None, row(A), listed(B)) == Look(PATH)
    assert isinstance(of(None, row(A), looked(B)), Keep)
    assert of(None, row(A), looked(B, kept=True)) == Delete(PATH, frozenset({A, B}))
    assert isinstance(of(None, row(A), looked(B), policy=Policy(conflict="hold")), Hold)


def test_an_upload_that_was_never_answered_is_deleted_with_its_file() -> None:
    assert of(None, seen=listed(A), attempts=sent(A)) == Delete(PATH, frozenset({A}))
    assert of(None, attempts=sent(A)) == Look(PATH)


def test_a_foreign_file_is_left_alone_and_listed() -> None:
    action = of(None, seen=listed(B))
    assert isinstance(action, Note)
    assert action.topic is Topic.FOREIGN
    assert of(None, seen=ABSENT_LISTED) is None


# --- neither a file nor absent --------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.EMPTY, Kind.SPECIAL, Kind.EXCLUDED, Kind.UNKNOWN])
@pytest.mark.parametrize("seen", [None, listed(A), looked(B), ABSENT_LOOKED])
@pytest.mark.parametrize("manifest", [None, row(A)])
def test_what_is_no_plain_file_changes_nothing_on_jatos(
    kind: Kind, seen: Seen | None, manifest: Row | None
) -> None:
    assert isinstance(of(Entry(kind), manifest, seen), Note | None)


def test_a_file_that_became_a_directory_is_deleted_there() -> None:
    assert of(Entry(Kind.DIRECTORY), row(A), listed(A)) == Delete(PATH, frozenset({A}))
    assert of(Entry(Kind.DIRECTORY)) is None


def test_a_large_file_is_hashed_before_anything_is_decided() -> None:
    entry = Entry(Kind.FILE, stat=Stat(9, 1, 1, 1))
    assert of(entry, row(A), looked(B)) == Hash(PATH, Stat(9, 1, 1, 1))


# --- the whole table, under every policy ----------------------------------------------------------

POLICIES = [Policy(d, c) for d in ("hold", "restore") for c in ("keep-copy", "hold")]
GONE_ONCE = Seen(None, doubt=Doubt.ONCE)
EMPTY_HERE, DIRECTORY_HERE = Entry(Kind.EMPTY), Entry(Kind.DIRECTORY)
NOTHING: type[None] = type(None)

TABLE: list[tuple[Entry | None, Row | None, Seen | None, list[Attempt], object]] = [
    # here, agreed, on JATOS, unanswered: what to do (a function of the policy where it matters)
    (file(A), None, None, [], Upload),
    (file(A), None, ABSENT_LISTED, [], Upload),
    (file(A), None, GONE_ONCE, [], Upload),
    (file(A), None, ABSENT_LOOKED, [], Upload),
    (file(A), None, listed(A), [], Look),
    (file(A), None, looked(A), [], Adopt),
    (file(LARGE), None, listed(LARGE), [], Adopt),
    (file(A), None, listed(B), sent(B), Upload),
    (file(A), None, listed(A), sent(A), Look),
    (file(A), None, listed(B), [], Look),
    (file(A), None, looked(B), [], lambda policy: Hold if policy.conflict == "hold" else Keep),
    (
        file(A),
        None,
        looked(B, kept=True),
        [],
        lambda policy: Hold if policy.conflict == "hold" else Upload,
    ),
    (file(A), row(A), None, [], NOTHING),
    (file(A), row(A), listed(A), [], NOTHING),
    (file(A), row(A), looked(A), [], NOTHING),
    (file(A), row(A), listed(B), [], Look),
    (file(A), row(A), GONE_ONCE, [], Relist),
    (file(A), row(A), ABSENT_LISTED, [], Look),
    (file(A), row(A), looked(B), [], lambda policy: Hold if policy.drift == "hold" else Keep),
    (
        file(A),
        row(A),
        looked(B, kept=True),
        [],
        lambda policy: Hold if policy.drift == "hold" else Upload,
    ),
    (file(A), row(A), ABSENT_LOOKED, [], lambda policy: Hold if policy.drift == "hold" else Upload),
    (file(A), row(B), None, [], Upload),
    (file(A), row(B), listed(B), [], Upload),
    (file(A), row(B), listed(A), [], Look),
    (file(A), row(B), looked(A), [], Adopt),
    (file(A), row(B), listed(C), [], Look),
    (file(A), row(B), looked(C), [], lambda policy: Hold if policy.conflict == "hold" else Keep),
    (file(A), row(B), GONE_ONCE, [], Upload),
    (file(A), row(B), ABSENT_LISTED, [], Upload),
    (file(A), row(B), ABSENT_LOOKED, [], Upload),
    (None, row(A), None, [], Delete),
    (None, row(A), listed(A), [], Delete),
    (None, row(A), listed(B), [], Look),
    (None, row(A), looked(B), [], lambda policy: Hold if policy.conflict == "hold" else Keep),
    (
        None,
        row(A),
        looked(B, kept=True),
        [],
        lambda policy: Hold if policy.conflict == "hold" else Delete,
    ),
    (None, row(A), GONE_ONCE, [], Relist),
    (None, row(A), ABSENT_LISTED, [], Look),
    (None, row(A), ABSENT_LOOKED, [], Forget),
    (None, None, listed(A), sent(A), Delete),
    (None, None, listed(B), sent(None), Note),
    (None, None, ABSENT_LISTED, sent(None), Forget),
    (None, None, listed(A), [], Note),
    (None, None, None, [], NOTHING),
    (DIRECTORY_HERE, row(A), listed(A), [], Delete),
    (DIRECTORY_HERE, None, listed(A), [], Note),
    (EMPTY_HERE, row(A), looked(B), [], Note),
    (EMPTY_HERE, None, None, [], Note),
]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: f"{policy.drift}-{policy.conflict}")
@pytest.mark.parametrize("number", range(len(TABLE)))
def test_every_row_of_the_table_under_every_policy(number: int, policy: Policy) -> None:
    local, manifest, seen, unanswered, expected = TABLE[number]
    wanted = expected if isinstance(expected, type) else expected(policy)  # type: ignore[operator]
    assert type(of(local, manifest, seen, unanswered, policy)) is wanted


# --- the plan of a scope --------------------------------------------------------------------------


def test_another_spelling_of_a_file_that_is_here_is_not_foreign() -> None:
    """A JATOS that ignores case lists the name it was first given."""
    here, there = RelPath("stroop.html"), RelPath("Stroop.html")
    snapshot = Snapshot(frozenset({ROOT}), {here: file(A)})
    rows = {here: replace(row(A), path=here)}
    seen = {there: listed(A)}
    actions = plan(snapshot, rows, {}, seen.get, seen, HOLD)
    assert actions == []
    both = {there: listed(A), here: listed(A)}
    (note,) = plan(snapshot, rows, {}, both.get, both, HOLD)
    assert note == Note(there, Topic.FOREIGN, "only on JATOS, never ours: left alone")


def test_nothing_is_decided_about_a_file_where_a_directory_of_the_scope_was() -> None:
    """Its row is not in the scope, so it would be a new one; its own hint leads to a look at it."""
    above, scope = RelPath("d"), frozenset({RelPath("d/a.txt")})
    assert plan(Snapshot(scope, {above: file(A)}), {}, {}, lambda _: None, [], HOLD) == []


def test_a_plan_says_nothing_about_paths_outside_its_scope() -> None:
    inside, outside = RelPath("in/a.txt"), RelPath("out/b.txt")
    snapshot = Snapshot(frozenset({RelPath("in")}), {})
    rows = {path: replace(row(A), path=path) for path in (inside, outside)}
    actions = plan(snapshot, rows, {}, lambda _: None, [outside], HOLD)
    assert actions == [Delete(inside, frozenset({A}))]


def test_what_lies_below_an_unreadable_directory_is_left_alone() -> None:
    path = RelPath("d/a.txt")
    snapshot = Snapshot(frozenset({ROOT}), {RelPath("d"): Entry(Kind.UNKNOWN, "no permission")})
    actions = plan(snapshot, {path: replace(row(A), path=path)}, {}, lambda _: None, [], HOLD)
    assert {type(action) for action in actions} == {Note}


def test_names_that_can_be_no_path_are_told_by_their_directory() -> None:
    entries = {ROOT: Entry(Kind.DIRECTORY, r"b\xff.txt is not UTF-8")}
    actions = plan(Snapshot(frozenset({ROOT}), entries), {}, {}, lambda _: None, [], HOLD)
    assert actions == [Note(ROOT, Topic.UNHOLDABLE, r"b\xff.txt is not UTF-8")]


def test_what_lies_below_a_file_is_surely_gone() -> None:
    path = RelPath("a.txt/b.txt")
    snapshot = Snapshot(frozenset({ROOT}), {PATH: file(A)})
    actions = plan(snapshot, {path: replace(row(B), path=path)}, {}, lambda _: None, [], HOLD)
    assert Delete(path, frozenset({B})) in actions


# --- what must hold for any three states ----------------------------------------------------------

contents = st.sampled_from([A, B, C, LARGE])
entries = st.one_of(
    st.none(),
    contents.map(file),
    st.sampled_from(Kind).filter(lambda kind: kind is not Kind.FILE).map(Entry),
)
rows = st.one_of(st.none(), contents.map(row))
attempts = st.lists(st.one_of(contents, st.none()), max_size=2).map(
    lambda found: [attempt for content in found for attempt in sent(content)]
)
seens = st.one_of(
    st.none(),
    st.sampled_from([ABSENT_LISTED, ABSENT_LOOKED]),
    contents.map(listed),
    contents.map(looked),
    contents.map(lambda content: looked(content, kept=True)),
)
policies = st.builds(
    Policy,
    drift=st.sampled_from(["hold", "restore"]),
    conflict=st.sampled_from(["keep-copy", "hold"]),
)


@given(entries, rows, attempts, seens, policies)
def test_the_plan_never_deletes_what_exists_here(
    local: Entry | None,
    manifest: Row | None,
    unanswered: list[Attempt],
    seen: Seen | None,
    policy: Policy,
) -> None:
    action = of(local, manifest, seen, unanswered, policy)
    if isinstance(action, Delete | Forget):
        assert local is None or local.kind is Kind.DIRECTORY


@given(entries, rows, attempts, seens, policies)
def test_the_plan_never_replaces_bytes_that_are_neither_ours_nor_kept(
    local: Entry | None,
    manifest: Row | None,
    unanswered: list[Attempt],
    seen: Seen | None,
    policy: Policy,
) -> None:
    action = of(local, manifest, seen, unanswered, policy)
    if not isinstance(action, Upload | Delete):
        return
    ours = {attempt.content for attempt in unanswered} | ({manifest.content} if manifest else set())
    theirs = action.replaceable - ours
    assert all(seen is not None and seen.kept and seen.sha256 == c.sha256 for c in theirs)


@given(entries, rows, attempts, contents, policies)
def test_nothing_is_written_because_of_a_listing_that_shows_other_bytes(
    local: Entry | None,
    manifest: Row | None,
    unanswered: list[Attempt],
    there: Content,
    policy: Policy,
) -> None:
    ours = {attempt.content for attempt in unanswered} | ({manifest.content} if manifest else set())
    action = of(local, manifest, listed(there), unanswered, policy)
    if there not in ours:
        assert not isinstance(action, Upload | Delete | Forget)


def test_drift_is_restored_once_and_then_held_until_a_person_says_so() -> None:
    for seen in (looked(B), ABSENT_LOOKED):
        put_back = replace(row(A), put_back=True)
        again = decide(PATH, file(A), put_back, [], seen, RESTORE)
        assert isinstance(again, Hold)
        assert "somebody else" in again.why
        said = Approval(PATH, HoldKind.DRIFT, seen)
        approved = decide(PATH, file(A), put_back, [], seen, RESTORE, said)
        assert isinstance(approved, Keep | Upload)


# --- what JATOS may yet act on --------------------------------------------------------------------


def late(content: Content | None) -> list[Attempt]:
    return [replace(each, late=True) for each in sent(content)]


def test_when_it_has_come_it_is_ours() -> None:
    assert of(None, seen=listed(A), attempts=late(A)) == Delete(PATH, frozenset({A}))
    over_ours = of(file(A), row(A), looked(B), attempts=late(B))
    assert over_ours == Upload(PATH, file(A), A, frozenset({A, B}))
    taken_away = of(file(A), row(A), ABSENT_LOOKED, attempts=late(None))
    assert taken_away == Upload(PATH, file(A), A, frozenset({A}))


def test_while_it_may_come_the_manifest_is_believed_and_others_are_seen() -> None:
    assert of(file(A), row(A), attempts=late(B)) is None
    assert of(file(A), row(A), listed(B), attempts=late(B)) == Look(PATH)
    assert isinstance(of(file(A), row(A), looked(C), attempts=late(B)), Hold)
    assert of(None, row(A), ABSENT_LOOKED, attempts=late(A)) == Forget(PATH)
