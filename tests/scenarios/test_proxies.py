"""Web servers in front of JATOS that change or forbid paths."""

from pathlib import Path

import pytest

from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study


@pytest.mark.parametrize(
    ("dialect", "proxy"),
    [
        ("3.10", "canonical"),
        ("3.9", "apache-rewrite"),
        pytest.param("3.8", "canonical", marks=pytest.mark.long),
    ],
)
def test_a_name_that_would_arrive_as_another_is_never_sent_and_never_deleted(
    jatos: Jatos, tmp_path: Path, dialect: str, proxy: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    study.jatos.change_api(proxy=proxy)
    study.write("a+b.txt", "with a plus")
    study.write("a b.txt", "with a space")
    study.write("c++/lib.js", "below a plus")
    study.stays_here = {"a+b.txt", "c++/lib.js"}
    if proxy == "apache-rewrite":
        study.write("what?.txt", "this Apache answers 403")
        study.stays_here.add("what?.txt")
    with study.run():
        study.await_equal()
        study.write("a+b.txt", "with a plus, changed")
        study.write("other.txt", "1")
        study.await_equal()
        (study.folder / "a+b.txt").unlink()
        study.write("other.txt", "2")
        study.await_equal()
    assert study.remote()["a b.txt"] == b"with a space"
    assert study.stored()["a b.txt"] == 1
    assert not study.sent("DELETE")
    said = study.cli("sync", "-v")
    assert said.code == 0
    assert "c++/lib.js" in said.text
    assert "'+' in its path" in said.text


def test_what_was_sent_before_the_proxy_came_is_never_deleted_through_it(study: Study) -> None:
    study.write("a+b.txt", "the same")
    assert study.cli("sync").code == 0
    study.put_on_jatos("a b.txt", b"the same")
    study.jatos.change_api(proxy="canonical")
    (study.folder / "a+b.txt").unlink()
    assert study.cli("sync").code == 0
    assert study.remote() == {"a+b.txt": b"the same", "a b.txt": b"the same"}
    assert not study.sent("DELETE")


@pytest.mark.parametrize(
    ("proxy", "code", "words"),
    [
        ("none", 0, "reach JATOS unchanged"),
        ("canonical", 2, "what does not: '+'"),
        ("apache-rewrite", 2, "what does not: '+', '?'"),
    ],
)
def test_check_shows_whether_paths_arrive(
    jatos: Jatos, tmp_path: Path, proxy: str, code: int, words: str
) -> None:
    study = Study(tmp_path, jatos("3.9"))
    study.jatos.change_api(proxy=proxy)
    said = study.cli("check")
    assert said.code == code
    assert words in said.text
    assert not study.sent()
