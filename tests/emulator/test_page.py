"""What a browser gets."""

import re
from urllib.parse import urljoin

import httpx

from tests.emulator.asking import upload
from tests.emulator.handle import Emulator


def _get(emulator: Emulator, path: str) -> httpx.Response:
    return httpx.get(urljoin(emulator.url, path), trust_env=False)


def test_the_root_leads_to_the_page(unchanged: Emulator) -> None:
    answer = _get(unchanged, "/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/emulator/")
    page = _get(unchanged, "/emulator/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>JATOS emulator</title>" in page.text


def test_the_page_loads_nothing_from_elsewhere(unchanged: Emulator) -> None:
    links = re.findall(r"https?://[^'\"\s)]+", _get(unchanged, "/emulator/").text)
    assert set(links) <= {"http://www.w3.org/2000/svg"}


def test_the_overview_shows_studies_files_switches_and_requests(
    emulator: Emulator, api: httpx.Client
) -> None:
    upload(api, emulator, "img/größe 1#?.png".replace("?", ""), b"12345")
    emulator.change_study(locked=True)
    emulator.change_api(allowed=False)
    overview = _get(emulator, "/emulator/overview").json()
    (study,) = overview["studies"]
    (file,) = study["files"]
    assert (overview["dialect"], overview["allowed"]) == ("3.10", False)
    assert (study["title"], study["locked"], study["count"]) == ("Example study", True, 1)
    assert (file["name"], file["size"]) == ("img/größe 1#.png", 5)
    assert _get(emulator, file["link"]).content == b"12345"
    assert [each["method"] for each in overview["requests"]] == ["POST"]


def test_assets_have_their_type(emulator: Emulator, api: httpx.Client) -> None:
    kinds = {
        "a.html": "text/html; charset=utf-8",
        "A.CSS": "text/css; charset=utf-8",
        "a.js": "application/javascript",
        "a.png": "image/png",
        "a.mp4": "video/mp4",
        "a": "application/octet-stream",
    }
    for name, kind in kinds.items():
        upload(api, emulator, name)
        answer = _get(emulator, f"/study_assets/{emulator.study}/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)


def test_only_the_studys_own_files_are_served(emulator: Emulator, api: httpx.Client) -> None:
    upload(api, emulator, "d/a.txt")
    for path in ("%2e%2e/.emulator.json", "", "nope", "%00", "d"):
        assert _get(emulator, f"/study_assets/{emulator.study}/{path}").status_code == 404


def test_the_sign_in_page_looks_like_a_success(unchanged: Emulator) -> None:
    assert _get(unchanged, "/jatos/signin").headers["content-type"].startswith("text/html")
