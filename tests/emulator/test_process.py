"""The emulator as a process: what it says, what survives it, how it ends."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.emulator.asking import HEAD_OF_PART, connect, upload, upload_head
from tests.emulator.handle import Emulator

_COMMAND = (sys.executable, "-m", "jatossync.emulator")


def _token_works(emulator: Emulator, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{emulator.api}/admin/token", headers=headers, trust_env=False)
    return answer.status_code == 200


def test_a_fresh_one_has_one_study_and_one_token(emulator: Emulator, api: httpx.Client) -> None:
    studies = api.get("/studies/properties").json()["data"]
    assert [(each["uuid"], each["id"]) for each in studies] == [(emulator.study, emulator.id)]
    assert emulator.folder.is_dir()
    assert _token_works(emulator, emulator.token)


def test_everything_survives_a_kill(emulator: Emulator, api: httpx.Client) -> None:
    upload(api, emulator, "a.txt", b"kept")
    second = emulator.add_study("Second")
    emulator.change_study(locked=True)
    token = emulator.add_token()
    dead = emulator.add_token(active=False)
    emulator.add_run("STARTED", 60, 10)
    emulator.change_api(proxy="canonical")
    before = (emulator.url, emulator.study, emulator.token)
    properties = api.get("/studies/properties").json()
    emulator.kill()
    emulator.restart()
    assert (emulator.url, emulator.study, emulator.token) == before
    assert api.get("/studies/properties").json() == properties
    assert emulator.files() == {"a.txt": b"kept"}
    assert Path(second["folder"]).is_dir()
    assert _token_works(emulator, token)
    assert not _token_works(emulator, dead)


def test_a_kill_in_the_middle_of_an_upload_leaves_no_half_file(
    emulator: Emulator, tmp_path: Path
) -> None:
    with connect(emulator) as connection:
        connection.sendall(upload_head(emulator, "a.txt", 10_000) + HEAD_OF_PART + b"half")
        waiting = tmp_path / "jatos" / ".emulator-uploads"
        while not any(waiting.iterdir()):
            pass  # until it is being received
        emulator.kill()
    emulator.restart()
    assert emulator.files() == {}
    assert list(waiting.iterdir()) == []


def test_both_signals_end_it_with_exit_0(tmp_path: Path) -> None:
    command = [*_COMMAND, "--assets", str(tmp_path)]
    for number in (signal.SIGTERM, signal.SIGINT):
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            said = json.loads(process.stdout.readline())
            # An idle connection does not hold it up.
            with httpx.Client(trust_env=False) as client:
                client.get(f"{said['url']}/ping")
                process.send_signal(number)
                assert process.wait(10) == 0
            assert process.stderr.read() == ""


def test_a_taken_port_is_said_in_one_line(emulator: Emulator, tmp_path: Path) -> None:
    port = urlsplit(emulator.url).port
    done = subprocess.run(
        [*_COMMAND, "--port", str(port), "--assets", str(tmp_path / "other")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert str(port) in done.stderr
    assert len(done.stderr.splitlines()) == 1
