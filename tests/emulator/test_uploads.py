"""What uploads do to the files, beside what the recordings hold."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.emulator.asking import (
    END_OF_PART,
    HEAD_OF_PART,
    asset,
    connect,
    listing,
    read_all,
    upload,
    upload_head,
)
from tests.emulator.conftest import StartEmulator
from tests.emulator.handle import Emulator

UPLOADS = ".emulator-uploads"


def test_an_empty_file_is_refused_and_the_old_content_stays(
    emulator: Emulator, api: httpx.Client
) -> None:
    upload(api, emulator, "a.txt", b"full")
    assert upload(api, emulator, "a.txt", b"").status_code == 400
    assert emulator.files() == {"a.txt": b"full"}


@pytest.mark.parametrize(("dialect", "status"), [("3.10", 500), ("3.9", 400), ("3.8", 400)])
def test_the_second_of_two_uploads_of_one_path_fails_and_the_first_is_whole(
    start: StartEmulator, dialect: str, status: int
) -> None:
    emulator = start(dialect=dialect)
    headers = {"Authorization": f"Bearer {emulator.token}"}
    body = HEAD_OF_PART + b"first" + END_OF_PART
    with connect(emulator) as slow, httpx.Client(base_url=emulator.api, headers=headers) as api:
        slow.sendall(upload_head(emulator, "a.txt", len(body)))
        slow.sendall(body[:-3])
        while not emulator.requests():
            pass  # until the first one has arrived
        second = upload(api, emulator, "a.txt", b"second")
        other = upload(api, emulator, "b.txt", b"other")
        slow.sendall(body[-3:])
        first = slow.recv(65536)
        third = upload(api, emulator, "a.txt", b"third")
    assert second.status_code == status
    assert "Error writing file" in second.text
    assert first.split()[1] in (b"200", b"201")
    assert other.is_success
    assert third.is_success
    assert emulator.files() == {"a.txt": b"third", "b.txt": b"other"}


def test_two_uploads_at_once_fail_however_short_they_are(
    emulator: Emulator, api: httpx.Client
) -> None:
    emulator.faults([{"method": "POST", "do": "latency:300ms"}])
    with ThreadPoolExecutor(2) as workers:
        answers = list(workers.map(lambda text: upload(api, emulator, "a", text), [b"1", b"2"]))
    assert sorted(answer.status_code for answer in answers) == [201, 500]


def test_a_path_is_the_same_however_it_and_its_study_are_spelled(
    emulator: Emulator, api: httpx.Client
) -> None:
    body = HEAD_OF_PART + b"first" + END_OF_PART
    with connect(emulator) as slow:
        slow.sendall(upload_head(emulator, "a.txt", len(body)))
        while not emulator.requests():
            pass  # until the first one has arrived
        by_number = f"/studies/{emulator.id}/assets/d/%2e%2e/a.txt"
        answer = api.post(by_number, files={"studyAssetsFile": ("x", b"second")})
        assert answer.status_code == 500


def test_a_body_that_is_cut_off_leaves_nothing_behind(
    emulator: Emulator, api: httpx.Client, tmp_path: Path
) -> None:
    upload(api, emulator, "a.txt", b"old")
    with connect(emulator) as connection:
        connection.sendall(upload_head(emulator, "a.txt", 1000) + HEAD_OF_PART + b"new")
        connection.shutdown(1)
        assert read_all(connection) == b""
    assert emulator.files() == {"a.txt": b"old"}
    assert list((tmp_path / "jatos" / UPLOADS).iterdir()) == []


def test_an_upload_whose_client_went_away_stands_in_nobodys_way(
    emulator: Emulator, api: httpx.Client
) -> None:
    for number in range(20):
        with connect(emulator) as connection:
            connection.sendall(upload_head(emulator, "a.txt", 10_000) + HEAD_OF_PART + b"half")
            while len(emulator.requests()) < 2 * number + 1:
                pass  # until it has arrived
        assert upload(api, emulator, "a.txt", bytes([number])).is_success


def test_the_whole_body_is_read_before_a_dead_token_is_refused(
    emulator: Emulator, api: httpx.Client
) -> None:
    emulator.change_token(active=False)
    assert upload(api, emulator, "a.bin", bytes(3_000_000)).status_code == 401
    assert emulator.requests()[0]["bytes"] > 3_000_000


def test_many_workers_make_the_same_new_directory(emulator: Emulator, api: httpx.Client) -> None:
    paths = [f"new/deep/{number}.txt" for number in range(64)]
    with ThreadPoolExecutor(64) as workers:
        answers = list(workers.map(lambda path: upload(api, emulator, path), paths))
    assert {answer.status_code for answer in answers} == {201}
    assert listing(api, emulator).keys() == set(paths)


def test_sixty_four_connections_are_served_at_once(emulator: Emulator) -> None:
    body = HEAD_OF_PART + b"content" + END_OF_PART
    connections = [connect(emulator) for _ in range(64)]
    for number, connection in enumerate(connections):
        connection.sendall(upload_head(emulator, f"{number}.txt", len(body)) + body[:-1])
    for connection in connections:
        connection.sendall(body[-1:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 201")
        connection.close()
    assert len(emulator.files()) == 64


def test_a_large_body_needs_no_memory(emulator: Emulator, api: httpx.Client) -> None:
    pieces = [HEAD_OF_PART, *[bytes(1_000_000)] * 200, END_OF_PART]
    answer = api.post(
        asset(emulator, "large.bin"),
        content=iter(pieces),
        headers={"Content-Type": "multipart/form-data; boundary=part"},
    )
    assert answer.status_code == 201
    assert listing(api, emulator)["large.bin"]["size"] == 200_000_000
    status = Path(f"/proc/{emulator.process.pid}/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if "VmHWM" in line)
        assert int(peak.split()[1]) < 100_000  # kB


def test_a_body_over_the_limit_is_refused_before_it_is_sent(
    emulator: Emulator, api: httpx.Client
) -> None:
    emulator.change_api(max_body_bytes=1000)
    with connect(emulator) as connection:
        connection.sendall(upload_head(emulator, "a.txt", 10_000_000))
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"Connection: close" in answer
    assert upload(api, emulator, "a.txt", b"small").status_code == 201


def test_a_path_is_trimmed_before_the_filename_is_added(
    emulator: Emulator, api: httpx.Client
) -> None:
    answer = api.post(asset(emulator, " d/ "), files={"studyAssetsFile": ("x.txt", b"1")})
    assert answer.status_code == 201
    assert emulator.files() == {"d/x.txt": b"1"}


def test_a_file_further_up_is_another_error_than_the_direct_parent(
    emulator: Emulator, api: httpx.Client
) -> None:
    upload(api, emulator, "a", b"file")
    assert upload(api, emulator, "a/b").status_code == 400
    assert upload(api, emulator, "a/b/c").status_code == 500
    assert emulator.files() == {"a": b"file"}


def test_legacy_lets_a_file_take_the_place_of_the_empty_study_folder(
    start: StartEmulator,
) -> None:
    emulator = start(dialect="3.9")
    headers = {"Authorization": f"Bearer {emulator.token}"}
    with httpx.Client(headers=headers, trust_env=False) as api, connect(emulator) as connection:
        body = HEAD_OF_PART + b"1" + END_OF_PART
        head = upload_head(emulator, "x", len(body)).replace(b"/assets/x ", b"/assets/. ")
        connection.sendall(head + body)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        assert emulator.folder.read_bytes() == b"1"
        assert api.get(f"{emulator.api}{asset(emulator, 'structure')}").status_code == 404
