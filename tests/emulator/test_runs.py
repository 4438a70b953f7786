"""What tells whether somebody runs the study."""

import time
from typing import Any

import httpx
import pytest

from tests.emulator.conftest import StartEmulator
from tests.emulator.handle import Emulator

MINUTE_MS = 60_000


def _log(api: httpx.Client, emulator: Emulator, limit: int) -> list[Any]:
    query: dict[str, str | int] = {"download": "false", "entryLimit": limit}
    entries: list[Any] = api.get(f"/studies/{emulator.study}/log", params=query).json()
    return entries


def test_the_log_shows_begun_runs_newest_first(emulator: Emulator, api: httpx.Client) -> None:
    emulator.add_run("STARTED", 600, 5)
    emulator.add_run("FINISHED", 60, 5)
    newest, older, *_ = _log(api, emulator, 10)
    assert newest["msg"] == "Started study run with General Single worker"
    assert newest["timestamp"] > older["timestamp"]
    assert abs(newest["timestamp"] + MINUTE_MS - time.time() * 1000) < MINUTE_MS
    assert newest.keys() == {"msg", "batchId", "studyCode", "workerId", "timestamp"}


def test_a_cut_log_ends_with_a_text(emulator: Emulator, api: httpx.Client) -> None:
    for _ in range(3):
        emulator.add_run("FINISHED")
    *entries, cut = _log(api, emulator, 2)
    assert len(entries) == 2
    assert cut.startswith("--- Log is cut here")


def test_results_metadata_lists_the_runs_of_one_study(
    emulator: Emulator, api: httpx.Client
) -> None:
    emulator.add_study("Another")
    emulator.add_run("RESULTDATA_POSTED", 600, 60)
    emulator.add_run("FINISHED", 1200, 900)
    answer = api.get("/results/metadata", params={"studyId": emulator.id}).json()
    (study,) = answer["data"]
    running, over = study["studyResults"]
    assert study["studyUuid"] == emulator.study
    assert (running["studyState"], running["endDate"]) == ("RESULTDATA_POSTED", None)
    assert running["lastSeenDate"] - running["startDate"] == pytest.approx(9 * MINUTE_MS, abs=99)
    assert over["endDate"] == over["lastSeenDate"]


def test_an_unknown_state_is_no_run(emulator: Emulator) -> None:
    url = f"{emulator.url}/emulator/studies/{emulator.study}/runs"
    assert httpx.post(url, json={"state": "RUNNING"}, trust_env=False).status_code == 400


@pytest.mark.parametrize("dialect", ["3.10", "3.9", "3.8"])
def test_study_codes_are_new_for_personal_workers_and_kept_for_the_others(
    start: StartEmulator, dialect: str
) -> None:
    emulator = start(dialect=dialect)
    headers = {"Authorization": f"Bearer {emulator.token}"}
    with httpx.Client(base_url=emulator.api, headers=headers, trust_env=False) as api:

        def code(kind: str) -> Any:
            answer = api.get(f"/studies/{emulator.study}/studyCodes", params={"type": kind})
            return answer.json()["data"][0] if answer.is_success else answer.status_code

        assert code("gm") == code("gm")
        assert code("gm") == code("GeneralMultiple")
        assert code("gm") != code("gs")
        assert code("pm") != code("pm")
        assert code("nobody") == 400
