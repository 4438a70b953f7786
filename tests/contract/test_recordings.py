"""Every exchange that was recorded with a running JATOS, against the emulator of its dialect."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.contract.replay import Replay
from tests.emulator.handle import Emulator

RECORDINGS = Path(__file__).with_name("recordings")
VERSIONS = {"3.8.1": "3.8", "3.9.8": "3.9", "3.10.5": "3.10"}

# How the recorded server was set up where it was not JATOS's default.
SETTINGS: dict[str, dict[str, Any]] = {
    "body over the server's limit": {"max_body_bytes": 1024 * 1024},
    "API switched off": {"allowed": False},
    "API switched off, unknown token": {"allowed": False},
}
DEFAULTS = {"max_body_bytes": 2048 * 1024 * 1024, "allowed": True}

# (version, case) -> why the emulator answers differently.
EXPECTED_DIFFERENCES: dict[tuple[str, str], str] = {}


def _cases(version: str) -> list[dict[str, Any]]:
    recording = json.loads((RECORDINGS / f"jatos-{version}.json").read_text("utf-8"))
    cases: list[dict[str, Any]] = recording["cases"]
    return cases


RECORDED = [
    pytest.param(version, case, id=f"{version} {case['case']}")
    for version in VERSIONS
    for case in _cases(version)
]


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Emulator]]:
    """One emulator for each recorded version."""
    with ExitStack() as running:
        yield {
            version: running.enter_context(Emulator(tmp_path_factory.mktemp("jatos"), dialect))
            for version, dialect in VERSIONS.items()
        }


@pytest.mark.parametrize(("version", "case"), RECORDED)
def test_the_emulator_answers_like_the_recorded_jatos(
    emulators: dict[str, Emulator], version: str, case: dict[str, Any]
) -> None:
    emulator = emulators[version]
    settings = SETTINGS.get(case["case"])
    if settings:
        emulator.change_api(**settings)
    try:
        differences = list(Replay(emulator, case).differences())
    finally:
        if settings:
            emulator.change_api(**DEFAULTS)
    known = EXPECTED_DIFFERENCES.get((version, case["case"]))
    assert bool(differences) == bool(known), "\n".join([known or "", *differences])
