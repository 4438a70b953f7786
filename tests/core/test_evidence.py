"""core/evidence.py: what a listing says, what it does not say, and what is newer than it."""

from __future__ import annotations

from dataclasses import replace

from jatossync.core.evidence import Evidence, still_held
from jatossync.core.model import Doubt, Listing, Seen
from jatossync.core.paths import ROOT, RelPath

A, B = RelPath("a"), RelPath("b")
NFC, NFD = RelPath("\u00e4.txt"), RelPath("a\u0308.txt")


def listing(*paths: RelPath) -> Listing:
    return Listing({path: Seen(1, 2, modified_ms=3) for path in paths})


def test_what_two_listings_in_a_row_do_not_show_is_absent() -> None:
    evidence = Evidence()
    evidence.listing_ended(listing())
    evidence.listing_ended(listing())
    assert evidence.seen(A) == Seen(None)
    evidence.listing_ended(listing(A))
    evidence.listing_ended(listing())
    assert evidence.seen(A) == Seen(None, doubt=Doubt.ONCE)
    evidence.listing_ended(None)
    evidence.listing_ended(listing())
    assert evidence.seen(A) == Seen(None, doubt=Doubt.ONCE)


def test_a_request_between_two_listings_makes_the_first_one_worthless() -> None:
    evidence = Evidence()
    evidence.listing_began([])
    evidence.listing_ended(listing())
    evidence.touched(A)
    evidence.listing_began([])
    evidence.listing_ended(listing())
    assert evidence.seen(A) == Seen(None, doubt=Doubt.ONCE)
    assert evidence.seen(B) == Seen(None)
    evidence.listing_ended(listing())
    assert evidence.seen(A) == Seen(None)


def test_a_request_during_the_first_listing_makes_it_worthless_too() -> None:
    evidence = Evidence()
    evidence.listing_began([A])
    evidence.listing_ended(listing())
    evidence.listing_ended(listing())
    assert evidence.seen(A) == Seen(None, doubt=Doubt.ONCE)


def test_another_spelling_in_the_listing_is_believed_once_the_name_itself_was_seen() -> None:
    evidence = Evidence()
    evidence.listing_ended(listing(NFD))
    assert evidence.seen(NFC) == Seen(None, doubt=Doubt.TWIN)
    evidence.confirmed(NFC, Seen(1, sha256="x", looked=True))
    assert evidence.seen(NFC) == Seen(1, 2, "x", 3, looked=True)
    evidence.listing_ended(listing(NFD))
    assert evidence.seen(NFC) == Seen(1, 2, modified_ms=3), "it is not asked for again"
    evidence.listing_ended(listing(NFC, NFD))
    evidence.listing_ended(listing(NFD))
    assert evidence.seen(NFC) == Seen(None, doubt=Doubt.TWIN), "it had both, so they are two"


def test_a_name_that_is_not_there_has_no_other_spelling() -> None:
    evidence = Evidence()
    evidence.listing_ended(listing(NFD))
    evidence.confirmed(NFC, Seen(None, looked=True))
    evidence.listing_ended(listing(NFD))
    assert evidence.seen(NFC) == Seen(None, doubt=Doubt.TWIN)


def test_what_is_held_is_as_it_was_seen_until_a_listing_says_otherwise() -> None:
    held = Seen(1, 2, "x", 3, looked=True)
    assert still_held(Seen(1, 2, modified_ms=3), held) == held
    newer = Seen(1, 2, modified_ms=4)
    assert still_held(newer, held) == newer
    looked = Seen(1, 2, "y", looked=True)
    assert still_held(looked, held) == looked
    gone = Seen(None, looked=True)
    assert still_held(Seen(None, doubt=Doubt.ONCE), gone) == gone
    assert still_held(Seen(None), held) == Seen(None)
    assert still_held(Seen(None, doubt=Doubt.TWIN), held) == held, "it may be listed as its twin"
    assert still_held(Seen(1), None) == Seen(1)


def test_what_is_held_without_a_listing_is_to_be_looked_at_again() -> None:
    held = Seen(1, 2, "x", 3, looked=True)
    assert still_held(None, held) == replace(held, sha256=None, looked=False)


def test_a_listing_says_that_what_it_does_not_show_is_absent() -> None:
    evidence = Evidence()
    assert evidence.seen(A) is None
    evidence.listing_began([])
    evidence.listing_ended(Listing({A: Seen(1, 2, modified_ms=3)}))
    assert evidence.seen(A) == Seen(1, 2, modified_ms=3)
    assert evidence.seen(B) == Seen(None, doubt=Doubt.ONCE)


def test_a_listing_says_nothing_of_a_path_that_was_written_since_it_began() -> None:
    evidence = Evidence()
    evidence.listing_began([A])
    evidence.touched(B)
    evidence.listing_ended(Listing({}))
    assert evidence.seen(A) is None
    assert evidence.seen(B) is None


def test_a_look_is_newer_than_the_listing_and_a_listing_newer_than_an_old_look() -> None:
    evidence = Evidence()
    evidence.listing_ended(Listing({A: Seen(1, 2, modified_ms=3)}))
    evidence.looked(A, Seen(1, looked=True))
    assert evidence.seen(A) == Seen(1, looked=True)
    evidence.confirmed(A, Seen(1, sha256="x", looked=True))
    assert evidence.seen(A) == Seen(1, 2, "x", 3, looked=True)
    evidence.touched(A)
    assert evidence.seen(A) is None
    evidence.listing_ended(Listing({A: Seen(4)}))
    assert evidence.seen(A) == Seen(4)


def test_a_listed_name_may_be_how_jatos_spells_another_file_of_ours() -> None:
    evidence = Evidence()
    evidence.listing_ended(listing(NFD), ours={NFC})
    assert evidence.seen(NFD) == Seen(None, doubt=Doubt.TWIN)
    evidence.listing_ended(listing(NFC, NFD), ours={NFC})
    assert evidence.seen(NFD) == listing(NFD).files[NFD], "it has both, so they are two"
    evidence.listing_ended(listing(NFD), ours={NFC, NFD})
    assert evidence.seen(NFD) == listing(NFD).files[NFD], "it acknowledged both"


def test_other_spellings_are_known_however_often_and_in_whatever_order_they_are_written() -> None:
    evidence = Evidence()
    for path in (NFC, NFD, NFC, NFC):
        evidence.touched(path)
    assert evidence.other_spellings(NFC) == {NFD}
    assert evidence.other_spellings(NFD) == {NFC}
    evidence.listing_ended(None, ours={NFC, NFD})
    assert evidence.other_spellings(NFC) == {NFD}
    evidence.listing_ended(None, ours={NFC})
    assert evidence.other_spellings(NFC) == set()


def test_what_is_listed_below_a_scope_is_found_among_names_that_begin_alike() -> None:
    evidence = Evidence()
    assert list(evidence.listed([A, ROOT])) == []
    below = [RelPath("a/b"), RelPath("a/c/d")]
    evidence.listing_ended(listing(*map(RelPath, ("A", "a-b", "a.b", "a0", "ab", "b/a")), *below))
    assert sorted(evidence.listed([A])) == below
    assert sorted(evidence.listed([A, RelPath("a0"), RelPath("c")])) == [*below, "a0"]
    assert len(list(evidence.listed([ROOT]))) == 8


def test_a_request_that_writes_makes_a_look_at_another_spelling_worthless() -> None:
    evidence = Evidence()
    evidence.looked(NFC, Seen(1, 2))
    evidence.looked(A, Seen(1, 2))
    evidence.touched(NFD)
    assert evidence.seen(NFC) is None
    assert evidence.seen(A) == Seen(1, 2)
