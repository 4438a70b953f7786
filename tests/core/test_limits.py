"""core/limits.py: how many deletes are too many, and which of them count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jatossync.core.limits import Limits, Named, counting, skeletons, too_many
from jatossync.core.paths import RelPath

LIMITS = Limits()


def named(path: str, *digests: str) -> Named:
    return Named(RelPath(path), frozenset(digests or [path]))


@pytest.mark.parametrize(
    ("counted", "left", "held"),
    [
        (0, 0, False),
        (1, 99, False),
        (20, 80, False),
        (21, 979, True),
        (4, 1, False),
        (5, 11, True),
        (5, 12, False),
        (1, 0, True),
        (3, 0, True),
    ],
)
def test_too_many_is_a_number_a_share_or_everything(counted: int, left: int, held: bool) -> None:
    assert (too_many(counted, left, LIMITS) is not None) is held


def test_the_reason_names_the_option() -> None:
    assert "deletes.max_files (20)" in str(too_many(21, 79, LIMITS))
    assert "deletes.max_share (30%)" in str(too_many(6, 4, LIMITS))
    assert "nothing would be left" in str(too_many(6, 0, LIMITS))


def test_a_rename_does_not_count() -> None:
    assert counting([named("a.png", "1")], [named("dir/b.png", "1")]) == set()


def test_a_file_that_takes_the_place_of_one_with_other_bytes_does_not_excuse_it() -> None:
    assert counting([named("a.png", "1")], [named("b.png", "2")]) == {"a.png"}


def test_one_new_file_makes_up_for_one_of_many_equal_ones() -> None:
    gone = [named(f"{n}.png", "same") for n in range(10)]
    assert len(counting(gone, [named("new.png", "same")])) == 9


def test_whatever_may_lie_under_a_name_is_a_rename_of_it() -> None:
    assert counting([named("a.png", "acknowledged", "sent")], [named("b.png", "sent")]) == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("index-4f3a9c.js", "index-77aa12.js"),
        ("assets/index-BdH3aXyZ.js", "assets/index-QmWpTzrK.js"),
        ("main.0a1b2c3d4e.bundle.js", "main.ffe01234aa.bundle.js"),
        ("4f3a9c1d.css", "77aa12bc.css"),
        ("chunk-4FQ2ABCD.js.map", "chunk-7XY3EFGH.js.map"),
    ],
)
def test_a_builders_output_with_another_hash_does_not_count(old: str, new: str) -> None:
    assert counting([named(old)], [named(new)]) == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("stim-000001.png", "stim-000002.png"),
        ("img-practice.png", "img-feedback.png"),
        ("trialOne.js", "trialTwo.js"),
        ("a/index-4f3a9c.js", "b/index-77aa12.js"),
        ("index-4f3a9c.js", "index-77aa12.css"),
        ("index-4f3a9c.js", "other-77aa12.js"),
        ("facade.js", "decade.js"),
        ("my-Image.png", "my-Sound.png"),
    ],
)
def test_names_that_people_give_are_no_hashes(old: str, new: str) -> None:
    assert counting([named(old)], [named(new)]) == {old}


def test_a_name_without_a_hash_has_no_skeleton() -> None:
    assert skeletons(RelPath("js/jspsych.min.js")) == []


paths = st.sampled_from(["a.js", "b.js", "x-4f3a9c.js", "x-77aa12.js", "x-0b0b0b.js", "d/a.js"])
names = st.dictionaries(paths, st.sampled_from("123"), max_size=6)


@given(names, names)
def test_what_counts_is_gone_and_each_new_file_excuses_one_at_most(
    gone: dict[str, str], new: dict[str, str]
) -> None:
    counted = counting(
        [named(path, digest) for path, digest in gone.items()],
        [named(path, digest) for path, digest in new.items()],
    )
    assert counted <= gone.keys()
    assert len(counted) >= len(gone) - len(new.keys() - gone.keys())
    new_bytes = {new[path] for path in new.keys() - gone.keys()}
    assert {path for path in gone if gone[path] not in new_bytes and "-" not in path} <= counted


@given(names, names, st.sampled_from(["n.js", "x-aabb11.js"]), st.sampled_from("123"))
def test_one_more_new_file_never_makes_more_count(
    gone: dict[str, str], new: dict[str, str], path: str, digest: str
) -> None:
    lost = [named(path, digest) for path, digest in gone.items()]
    before = counting(lost, [named(*each) for each in new.items()])
    after = counting(lost, [named(*each) for each in {**new, path: digest}.items()])
    assert len(after) <= len(before)


counts = st.integers(0, 60)


@given(counts, counts, counts, counts)
def test_more_that_are_gone_and_fewer_that_are_left_are_never_less_alarming(
    a: int, b: int, c: int, d: int
) -> None:
    if too_many(min(a, b), max(c, d), LIMITS):
        assert too_many(max(a, b), min(c, d), LIMITS)


@given(counts, counts)
def test_nothing_goes_without_asking_beyond_the_limits(counted: int, kept: int) -> None:
    if too_many(counted, kept, LIMITS) is None:
        assert counted <= LIMITS.max_files
        assert counted < 5 or counted <= LIMITS.max_share * (counted + kept)
        assert kept or not counted
