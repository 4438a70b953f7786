"""Paths that do not arrive as they were sent (jatos-api.md, surprise 14)."""

from collections.abc import Callable
from contextlib import closing

import pytest

from jatossync.core.jobs import Refused, Server, Stopped, Unavailable
from jatossync.core.passage import DOUBTFUL, samples
from jatossync.core.paths import Dialect, RelPath
from jatossync.remote.answers import Answer
from jatossync.remote.client import Jatos
from jatossync.remote.passage import changed_on_the_way
from tests.remote.conftest import Study, delete_job, token_of, upload_job
from tests.remote.files import MemoryFile, content_of

Verdict = Callable[[str], Answer | Unavailable]


def a_404(name: str) -> Answer:
    return Answer(404, "text/plain", f"File '{name}' couldn't be found.".encode())


def found_out(verdict: Verdict) -> tuple[frozenset[str] | Unavailable | Stopped, int]:
    """What is found out, and with how many requests."""
    names: list[str] = []

    def get(path: RelPath) -> Answer | Unavailable:
        names.append(path)
        return verdict(path)

    return changed_on_the_way(get, Dialect.LEGACY), len(names)


def asked(study: Study) -> Server:
    """What a client finds out that has just been started."""
    with closing(Jatos(study.emulator.url, token_of(study.emulator), workers=1)) as jatos:
        server = jatos.ask(study.server.study_uuid)
    assert isinstance(server, Server), server
    return server


def test_where_everything_arrives_one_request_shows_it(study: Study) -> None:
    assert study.server.changed_on_the_way == frozenset()
    assert asked(study).changed_on_the_way == frozenset()
    assert len([r for r in study.emulator.requests() if "probe" in r["path"]]) == 1


def test_behind_a_proxy_that_encodes_anew_the_plus_is_found(study: Study) -> None:
    study.emulator.change_api(proxy="canonical")
    assert asked(study).changed_on_the_way == {"+"}


def test_behind_apache_with_a_rewrite_rule_what_it_forbids_is_found_too(study: Study) -> None:
    study.emulator.change_api(proxy="apache-rewrite")
    legacy = study.server.dialect is Dialect.LEGACY
    assert asked(study).changed_on_the_way == ({"+", "?"} if legacy else {"+"})


def test_a_path_that_would_not_arrive_is_never_written(study: Study) -> None:
    study.emulator.change_api(proxy="canonical")
    study.put("a b.txt", b"1")
    with closing(Jatos(study.emulator.url, token_of(study.emulator), workers=1)) as jatos:
        server = jatos.ask(study.server.study_uuid)
        assert isinstance(server, Server)
        assets = jatos.assets(server)
        job = upload_job("a+b.txt", content_of(b"2"), look=False)
        sent = assets.upload(job, MemoryFile(b"2"), lambda: False, lambda _bytes: None)
        deleted = assets.delete(delete_job("a+b.txt", b"1", look=False), lambda: None)
    assert isinstance(sent, Refused)
    assert isinstance(deleted, Refused)
    assert "'+'" in sent.reason
    assert study.wrote() == []
    assert study.emulator.files() == {"a b.txt": b"1"}


def test_it_is_asked_once_and_again_when_jatos_was_updated(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def probes() -> int:
        return len([r for r in study.emulator.requests() if "probe" in r["path"]])

    study.jatos.ask(study.server.study_uuid)
    assert probes() == 0
    study.jatos._passage = ("0.9.0", frozenset("+"))
    found = study.jatos.ask(study.server.study_uuid)
    assert isinstance(found, Server)
    assert found.changed_on_the_way == frozenset()
    assert probes() == 1


@pytest.mark.parametrize("culprits", ["+", "?", "%", " ", "ä", "\t", "+?%", "~$&ä"])
def test_every_culprit_is_found_and_nothing_else(culprits: str) -> None:
    found, requests = found_out(
        lambda name: Answer(403) if set(culprits) & set(name) else a_404(name)
    )
    assert isinstance(found, frozenset)
    assert {next(iter(set(culprits) & set(each))) for each in found} == set(culprits)
    assert len(found) == len(culprits)
    assert requests < 15 * len(culprits)


def test_a_server_that_decodes_twice_is_found_out() -> None:
    found, _ = found_out(lambda name: a_404(name.replace("%41", "A")))
    assert found == frozenset({"%41"})


def test_a_404_in_other_words_tells_nothing_and_what_is_doubtful_is_left_alone() -> None:
    found, requests = found_out(lambda _: Answer(404, "text/plain", b"Nothing here."))
    assert found == DOUBTFUL
    assert requests == 2


@pytest.mark.parametrize("answer", [Unavailable("away"), Answer(503), Answer(401), Answer(302)])
def test_trouble_of_the_server_is_no_verdict(answer: Answer | Unavailable) -> None:
    found, requests = found_out(lambda _: answer)
    assert isinstance(found, Unavailable | Stopped)
    assert requests == 2


@pytest.mark.parametrize("answer", [Unavailable("dropped"), Answer(302, location="/blocked")])
def test_a_firewall_that_breaks_off_at_one_character_stops_nobody(
    answer: Answer | Unavailable,
) -> None:
    found, _ = found_out(lambda name: answer if "'" in name else a_404(name))
    assert found == frozenset("'")


def test_trouble_that_passes_condemns_no_character() -> None:
    turns = iter(range(1000))
    found, _ = found_out(lambda name: Answer(503) if next(turns) == 0 else a_404(name))
    assert found == frozenset()


def test_a_server_that_refuses_all_of_them_is_found_out_too() -> None:
    found, _ = found_out(lambda name: a_404(name) if "--end" in name else Answer(400))
    assert found == frozenset(samples(Dialect.LEGACY))
