"""Names that a web server in front of JATOS would turn into others."""

import pytest

from jatossync.core.passage import blocked, samples, shown
from jatossync.core.paths import Dialect, RelPath, unholdable

AWKWARD = "a +%&=;,@!'()[]{}~$^#ä😀.txt"


@pytest.mark.parametrize("dialect", list(Dialect))
def test_every_character_that_jatos_takes_stands_for_a_sample(dialect: Dialect) -> None:
    everything = frozenset(samples(dialect))
    plain = [chr(code) for code in range(1, 128) if not chr(code).isalnum() and chr(code) != "/"]
    for character in [*plain, "ä", "日", "😀"]:
        path = RelPath(f"a{character}b")
        if unholdable(path, dialect, 100) or character in ".-_":
            continue
        assert blocked(path, everything), character


def test_no_sample_is_a_name_that_jatos_itself_refuses() -> None:
    for sample in samples(Dialect.ENVELOPE):
        assert unholdable(RelPath(f"a{sample}b"), Dialect.ENVELOPE, 100) is None


def test_what_comes_through_is_never_blocked() -> None:
    assert blocked(RelPath(AWKWARD), frozenset()) is None
    assert blocked(RelPath("a b/c-d_e.html"), frozenset("+")) is None


def test_a_path_is_blocked_by_any_of_its_directories() -> None:
    why = blocked(RelPath("a+b/c.html"), frozenset("+"))
    assert why is not None
    assert why.startswith("'+' in its path")


def test_what_does_not_come_through_is_named_for_people() -> None:
    everything = frozenset(samples(Dialect.LEGACY))
    assert shown(everything).isprintable()
    assert "a letter or sign outside ASCII" in shown(everything)
    assert shown(frozenset("+ ")) == "'+', a space"
