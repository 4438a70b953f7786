"""Trouble on order: what a client sees on the wire, and what happened on the server."""

import httpx
import pytest

from tests.awaiting import wait_until
from tests.emulator.asking import asset, upload
from tests.emulator.conftest import StartEmulator
from tests.emulator.handle import Emulator


def test_a_status_is_answered_by_a_proxy_and_nothing_is_done(
    emulator: Emulator, api: httpx.Client
) -> None:
    emulator.faults([{"method": "POST", "path": "*/assets/a.txt", "do": "status:503"}])
    answer = upload(api, emulator, "a.txt")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "text/html"
    assert emulator.files() == {}
    assert upload(api, emulator, "b.txt").status_code == 201


def test_drop_closes_the_connection_and_does_nothing(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults([{"do": "drop", "times": 1}])
    with pytest.raises(httpx.TransportError):
        upload(api, emulator, "a.txt")
    assert emulator.files() == {}


def test_lose_acts_and_then_closes_the_connection(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults([{"method": "POST", "do": "lose", "times": 1}])
    with pytest.raises(httpx.RemoteProtocolError):
        upload(api, emulator, "a.txt", b"kept")
    assert emulator.files() == {"a.txt": b"kept"}


def test_late_closes_the_connection_when_it_has_all_and_acts_afterwards(
    emulator: Emulator, api: httpx.Client
) -> None:
    emulator.faults([{"method": "POST", "do": "late:300ms", "times": 1}])
    with pytest.raises(httpx.TransportError):
        upload(api, emulator, "a.txt", b"old")
    assert emulator.files() == {}
    assert upload(api, emulator, "a.txt", b"new").status_code == 201
    wait_until(lambda: emulator.files() == {"a.txt": b"old"}, "what came late")


def test_stall_acts_and_holds_the_answer_back(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults([{"method": "POST", "do": "stall:60s", "times": 1}])
    with pytest.raises(httpx.ReadTimeout):
        api.post(asset(emulator, "a.txt"), files={"studyAssetsFile": ("x", b"kept")}, timeout=0.5)
    assert emulator.files() == {"a.txt": b"kept"}


@pytest.mark.parametrize("dialect", ["3.10", "3.9"])
def test_cut_ends_the_body_before_its_announced_end(start: StartEmulator, dialect: str) -> None:
    emulator = start(dialect=dialect)
    headers = {"Authorization": f"Bearer {emulator.token}"}
    with httpx.Client(base_url=emulator.api, headers=headers, trust_env=False) as api:
        emulator.faults([{"do": "cut"}])
        with pytest.raises(httpx.RemoteProtocolError):
            upload(api, emulator, "a.txt", b"kept")
        with pytest.raises(httpx.RemoteProtocolError):
            api.get(asset(emulator, "a.txt"))
    assert emulator.files() == {"a.txt": b"kept"}


def test_latency_delays_and_rate_slows_a_body(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults(
        [
            {"method": "GET", "do": "latency:200ms"},
            {"method": "POST", "do": "rate:100kB/s"},
        ]
    )
    assert api.get("/admin/token").status_code == 200
    assert upload(api, emulator, "a.bin", bytes(40_000)).status_code == 201
    delayed, slowed = emulator.requests()
    assert delayed["ms"] >= 200
    assert slowed["ms"] >= 400


def test_the_first_rule_that_fits_acts_as_often_as_it_says(
    emulator: Emulator, api: httpx.Client
) -> None:
    emulator.faults(
        [
            {"method": "GET", "path": "/admin/*", "times": 2, "do": "status:502"},
            {"path": "*", "times": 1, "do": "status:429"},
        ]
    )
    found = [api.get("/admin/token").status_code for _ in range(4)]
    assert found == [502, 502, 429, 200]


def test_a_new_list_replaces_the_old_one(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults([{"do": "status:503"}])
    emulator.faults([])
    assert api.get("/admin/token").status_code == 200


def test_the_path_of_a_fault_is_the_decoded_one(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults([{"path": "*/größe 1+2.txt", "do": "status:504"}])
    assert upload(api, emulator, "größe 1+2.txt").status_code == 504


@pytest.mark.parametrize("do", ["status:99", "stall", "stall:5", "rate:0MB/s", "explode", "drop:1"])
def test_an_unknown_fault_is_refused_and_the_old_ones_stay(
    emulator: Emulator, api: httpx.Client, do: str
) -> None:
    emulator.faults([{"do": "status:503"}])
    answer = httpx.put(f"{emulator.url}/emulator/faults", json=[{"do": do}], trust_env=False)
    assert answer.status_code == 400
    assert api.get("/admin/token").status_code == 503


def test_requests_are_listed_in_order_of_arrival_with_what_became_of_them(
    emulator: Emulator, api: httpx.Client
) -> None:
    upload(api, emulator, "d/a b.txt", b"12345")
    emulator.faults([{"do": "lose", "times": 1}])
    with pytest.raises(httpx.RemoteProtocolError):
        api.delete(asset(emulator, "d/a b.txt"))
    api.head(asset(emulator, "nope.txt"))
    found = emulator.requests()
    assert [(each["method"], each["status"], each["lost"]) for each in found] == [
        ("POST", 201, None),
        ("DELETE", None, 200),
        ("HEAD", 404, None),
    ]
    assert found[0]["path"] == f"/studies/{emulator.study}/assets/d/a b.txt"
    assert found[0]["bytes"] > 5
    assert all(each["ms"] > 0 for each in found)
    emulator.clear_requests()
    assert emulator.requests() == []
