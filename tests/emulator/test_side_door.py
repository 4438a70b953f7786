"""What tests can do to the server beside the API."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.emulator.asking import asset, upload
from tests.emulator.conftest import StartEmulator
from tests.emulator.handle import Emulator


def _order(emulator: Emulator, method: str, path: str, content: object) -> httpx.Response:
    url = f"{emulator.url}/emulator/{path}"
    return httpx.request(method, url, json=content, trust_env=False)


def test_a_new_study_has_a_number_a_uuid_and_an_empty_folder(
    emulator: Emulator, api: httpx.Client
) -> None:
    wanted = "0b0e2b1c-0000-4000-8000-000000000001"
    made = emulator.add_study("Stroop", wanted)
    assert made["uuid"] == wanted
    assert list(Path(made["folder"]).iterdir()) == []
    for name in (made["uuid"], made["id"]):
        data = api.get(f"/studies/{name}/properties").json()["data"]
        assert (data["title"], data["dirName"]) == ("Stroop", made["dirName"])


def test_a_locked_study_refuses_changes_until_it_is_unlocked(
    emulator: Emulator, api: httpx.Client
) -> None:
    emulator.change_study(locked=True)
    assert upload(api, emulator, "a.txt").json()["error"]["code"] == "STUDY_LOCKED"
    emulator.change_study(locked=False)
    assert upload(api, emulator, "a.txt").status_code == 201


def test_only_members_see_a_study(emulator: Emulator, api: httpx.Client) -> None:
    emulator.change_study(member=False)
    properties = api.get(f"/studies/{emulator.study}/properties")
    assert properties.json()["error"]["code"] == "NO_ACCESS"
    assert api.get("/studies/properties").json()["data"] == []


def test_a_study_can_get_another_number(emulator: Emulator, api: httpx.Client) -> None:
    emulator.change_study(id=77)
    assert api.get("/studies/77/properties").json()["data"]["uuid"] == emulator.study
    assert api.get(f"/studies/{emulator.id}/properties").status_code == 404


def test_a_deleted_study_is_gone_with_its_folder(emulator: Emulator, api: httpx.Client) -> None:
    upload(api, emulator, "a.txt")
    emulator.delete_study()
    assert not emulator.folder.exists()
    assert api.get(f"/studies/{emulator.study}/properties").status_code == 404


def test_the_api_itself_can_delete_a_study(emulator: Emulator, api: httpx.Client) -> None:
    assert api.delete(f"/studies/{emulator.study}").status_code == 200
    assert not emulator.folder.exists()


def test_a_component_shows_in_the_properties(emulator: Emulator, api: httpx.Client) -> None:
    emulator.add_component("index.html", "Task")
    data = api.get(f"/studies/{emulator.study}/properties").json()["data"]
    assert [each["htmlFilePath"] for each in data["components"]] == ["index.html"]


def test_a_token_ends_when_it_expires_or_is_deactivated(
    emulator: Emulator, api: httpx.Client
) -> None:
    def status(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return api.get("/admin/token", headers=headers).status_code

    assert status(emulator.add_token(expires_s=-1)) == 401
    living = emulator.add_token(expires_s=3600)
    assert status(living) == 200
    emulator.change_token(living, active=False)
    assert status(living) == 401
    emulator.change_token(living, active=True)
    assert status(living) == 200


def test_the_token_says_when_it_expires(emulator: Emulator, api: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {emulator.add_token(expires_s=3600)}"}
    data = api.get("/admin/token", headers=headers).json()["data"]
    assert data["expirationDate"] == data["creationDate"] + 3_600_000
    assert data["expiresAfter"] == 3600


@pytest.mark.parametrize(("dialect", "status"), [("3.10", 401), ("3.9", 200)])
def test_a_viewer_of_3_10_sees_properties_and_no_assets(
    start: StartEmulator, dialect: str, status: int
) -> None:
    emulator = start(dialect=dialect)
    emulator.change_token(role="VIEWER")
    headers = {"Authorization": f"Bearer {emulator.token}"}
    with httpx.Client(base_url=emulator.api, headers=headers, trust_env=False) as api:
        assert api.get(f"/studies/{emulator.study}/properties").status_code == 200
        assert upload(api, emulator, "a.txt").is_success == (status == 200)
        assert api.get(asset(emulator, "structure")).status_code == status


def test_the_api_can_be_switched_off(emulator: Emulator, api: httpx.Client) -> None:
    emulator.change_api(allowed=False)
    assert api.get("/admin/token").status_code == 403
    assert httpx.get(f"{emulator.url}/ping", trust_env=False).text == "pong"
    emulator.change_api(allowed=True)
    assert api.get("/admin/token").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", "studies", {"name": "no title"}),
        ("POST", "studies", {"title": "x", "uuid": "../outside"}),
        ("POST", "studies", {"title": 5}),
        ("POST", "studies", ["title"]),
        ("PATCH", "studies/unknown", {"locked": True}),
        ("PATCH", "api", {"proxy": "squid"}),
        ("PATCH", "api", {"allowed": "no"}),
        ("PATCH", "tokens/unknown", {"active": False}),
        ("POST", "tokens", {"expires": 5}),
        ("PUT", "faults", {"do": "drop"}),
        ("PUT", "faults", [{"do": "drop", "often": 3}]),
    ],
)
def test_a_wrong_order_is_refused_with_its_reason(
    unchanged: Emulator, method: str, path: str, content: Any
) -> None:
    answer = _order(unchanged, method, path, content)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_an_unknown_order_is_404(unchanged: Emulator) -> None:
    assert _order(unchanged, "POST", "explode", {}).status_code == 404
    assert _order(unchanged, "DELETE", "api", {}).status_code == 404
