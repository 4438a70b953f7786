"""What each answer means: the recorded ones of JATOS 3.8 to 3.10, and those of proxies."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jatossync.core.jobs import Done, Refused, Server, Stop, Stopped, Trouble, Unavailable
from jatossync.core.paths import Dialect
from jatossync.remote import answers
from jatossync.remote.answers import Answer, Asked, Unclear
from tests.remote.test_token import GOOD

RECORDINGS = Path(__file__).parents[1] / "contract" / "recordings"

L, E = Dialect.LEGACY, Dialect.ENVELOPE


def outcome(asked: Asked, answer: Answer, dialect: Dialect) -> Done | Trouble | Unclear:
    if asked in (Asked.UPLOAD, Asked.DELETE):
        return answers.of_writing(asked, answer, dialect)
    if asked in (Asked.TOKEN, Asked.STUDY, Asked.STUDIES):
        return answers.of_all(asked, answer)
    return answers.of_path(asked, answer)


def meaning(found: object) -> str:
    """An outcome in a word or two, to compare with the table."""
    if isinstance(found, Stopped):
        return found.stop.name
    if isinstance(found, Unclear):
        return f"ask first ({'JATOS' if found.by_jatos else 'proxy'})"
    if isinstance(found, Unavailable) and found.not_jatos:
        return "not JATOS"
    if isinstance(found, Done):
        return "created" if found.created else "done"
    return type(found).__name__


# --- recorded

TABLE = {
    (Asked.UPLOAD, L, 200, ""): "done",
    (Asked.UPLOAD, L, 303, ""): "NOT_SIGNED_IN",
    (Asked.UPLOAD, L, 400, ""): "Refused",
    (Asked.UPLOAD, L, 401, ""): "TOKEN",
    (Asked.UPLOAD, L, 403, ""): "ask first (JATOS)",
    (Asked.UPLOAD, L, 404, ""): "ask first (JATOS)",
    (Asked.UPLOAD, L, 413, ""): "Refused",
    (Asked.UPLOAD, L, 414, ""): "Refused",
    (Asked.UPLOAD, L, 500, ""): "Refused",
    (Asked.UPLOAD, E, 200, ""): "done",
    (Asked.UPLOAD, E, 201, ""): "created",
    (Asked.UPLOAD, E, 400, ""): "Refused",
    (Asked.UPLOAD, E, 400, "VALIDATION_ERROR"): "Refused",
    (Asked.UPLOAD, E, 400, "MISSING_FILE"): "Refused",
    (Asked.UPLOAD, E, 400, "FILE_ALREADY_EXISTS"): "Refused",
    (Asked.UPLOAD, E, 400, "CLIENT_ERROR"): "Refused",
    (Asked.UPLOAD, E, 401, "AUTH_ERROR"): "NOT_SIGNED_IN",
    (Asked.UPLOAD, E, 401, "INVALID_API_TOKEN"): "TOKEN",
    (Asked.UPLOAD, E, 403, "NO_ACCESS"): "NO_ACCESS",
    (Asked.UPLOAD, E, 403, "STUDY_LOCKED"): "LOCKED",
    (Asked.UPLOAD, E, 403, "AUTH_ERROR"): "API_OFF",
    (Asked.UPLOAD, E, 404, "NOT_FOUND"): "ask first (JATOS)",
    (Asked.UPLOAD, E, 413, "TOO_LARGE"): "Refused",
    (Asked.UPLOAD, E, 414, ""): "Refused",
    (Asked.UPLOAD, E, 500, "UNSPECIFIED"): "Refused",
    (Asked.UPLOAD, E, 500, "UNEXPECTED_ERROR"): "Refused",
    (Asked.DELETE, L, 200, ""): "done",
    (Asked.DELETE, L, 303, ""): "NOT_SIGNED_IN",
    (Asked.DELETE, L, 400, ""): "Refused",
    (Asked.DELETE, L, 401, ""): "TOKEN",
    (Asked.DELETE, L, 403, ""): "ask first (JATOS)",
    (Asked.DELETE, L, 404, ""): "ask first (JATOS)",
    (Asked.DELETE, L, 414, ""): "Refused",
    (Asked.DELETE, L, 500, ""): "Refused",
    (Asked.DELETE, E, 200, ""): "done",
    (Asked.DELETE, E, 401, "AUTH_ERROR"): "NOT_SIGNED_IN",
    (Asked.DELETE, E, 401, "INVALID_API_TOKEN"): "TOKEN",
    (Asked.DELETE, E, 403, "NO_ACCESS"): "NO_ACCESS",
    (Asked.DELETE, E, 403, "STUDY_LOCKED"): "LOCKED",
    (Asked.DELETE, E, 403, "AUTH_ERROR"): "API_OFF",
    (Asked.DELETE, E, 404, "NOT_FOUND"): "ask first (JATOS)",
    (Asked.DELETE, E, 414, ""): "Refused",
    (Asked.DELETE, E, 500, "UNSPECIFIED"): "Refused",
    (Asked.DELETE, E, 500, "UNEXPECTED_ERROR"): "Refused",
    (Asked.DOWNLOAD, L, 303, ""): "NOT_SIGNED_IN",
    (Asked.DOWNLOAD, L, 400, ""): "Refused",
    (Asked.DOWNLOAD, L, 401, ""): "TOKEN",
    (Asked.DOWNLOAD, L, 403, ""): "ask first (JATOS)",
    (Asked.DOWNLOAD, L, 404, ""): "ask first (JATOS)",
    (Asked.DOWNLOAD, L, 414, ""): "Refused",
    (Asked.DOWNLOAD, L, 500, ""): "Refused",
    (Asked.DOWNLOAD, E, 401, "AUTH_ERROR"): "NOT_SIGNED_IN",
    (Asked.DOWNLOAD, E, 401, "INVALID_API_TOKEN"): "TOKEN",
    (Asked.DOWNLOAD, E, 403, "NO_ACCESS"): "NO_ACCESS",
    (Asked.DOWNLOAD, E, 403, "AUTH_ERROR"): "API_OFF",
    (Asked.DOWNLOAD, E, 404, "NOT_FOUND"): "ask first (JATOS)",
    (Asked.DOWNLOAD, E, 414, ""): "Refused",
    (Asked.DOWNLOAD, E, 400, ""): "Refused",
    (Asked.DOWNLOAD, E, 500, "IO_ERROR"): "Refused",
    (Asked.DOWNLOAD, E, 500, "UNEXPECTED_ERROR"): "Refused",
    (Asked.TOKEN, L, 303, ""): "NOT_SIGNED_IN",
    (Asked.TOKEN, L, 401, ""): "TOKEN",
    (Asked.TOKEN, L, 403, ""): "API_OFF",
    (Asked.TOKEN, L, 500, ""): "Unavailable",
    (Asked.TOKEN, E, 401, "AUTH_ERROR"): "NOT_SIGNED_IN",
    (Asked.TOKEN, E, 401, "INVALID_API_TOKEN"): "TOKEN",
    (Asked.TOKEN, E, 403, "AUTH_ERROR"): "API_OFF",
    (Asked.TOKEN, E, 500, "UNEXPECTED_ERROR"): "Unavailable",
    (Asked.STUDY, L, 303, ""): "NOT_SIGNED_IN",
    (Asked.STUDY, L, 401, ""): "TOKEN",
    (Asked.STUDY, L, 403, ""): "NO_ACCESS",
    (Asked.STUDY, L, 404, ""): "STUDY_GONE",
    (Asked.STUDY, L, 500, ""): "Unavailable",
    (Asked.STUDY, E, 401, "AUTH_ERROR"): "NOT_SIGNED_IN",
    (Asked.STUDY, E, 401, "INVALID_API_TOKEN"): "TOKEN",
    (Asked.STUDY, E, 403, "NO_ACCESS"): "NO_ACCESS",
    (Asked.STUDY, E, 404, "NOT_FOUND"): "STUDY_GONE",
    (Asked.STUDY, E, 500, "UNEXPECTED_ERROR"): "Unavailable",
}


def asked_by(request: dict[str, Any]) -> Asked | None:
    method, path = request["method"], request["path"]
    if path.startswith("/admin/token"):
        return Asked.TOKEN
    if path.startswith("/studies/{study}/properties") or "000/properties" in path:
        return Asked.STUDY
    if "/assets/" not in path or "/assets/structure" in path:
        return None
    return {"POST": Asked.UPLOAD, "DELETE": Asked.DELETE, "GET": Asked.DOWNLOAD}.get(method)


def recorded_answer(answer: dict[str, Any]) -> Answer:
    headers = answer.get("headers", {})
    body = answer.get("body") or {}
    raw = json.dumps(body["json"]) if "json" in body else body.get("text", "")
    return Answer(
        answer["status"],
        headers.get("content-type", "").partition(";")[0],
        raw.encode(),
        is_file="content-disposition" in headers,
        location=headers.get("location", ""),
    )


def recorded() -> Iterator[tuple[str, Asked, Dialect, Answer]]:
    for file in sorted(RECORDINGS.glob("*.json")):
        dialect = E if "3.10" in file.name else L
        for case in json.loads(file.read_text("utf-8"))["cases"]:
            for step in case["steps"]:
                asked = asked_by(step["request"]) if "request" in step else None
                if asked is None:
                    continue
                answer = recorded_answer(step["answer"])
                if answer.status != 200 or asked in (Asked.UPLOAD, Asked.DELETE):
                    yield f"{file.stem} {case['case']}", asked, dialect, answer


RECORDED = list(recorded())


def test_every_recorded_answer_means_what_the_table_says() -> None:
    assert len(RECORDED) > 700
    for name, asked, dialect, answer in RECORDED:
        row = (asked, dialect, answer.status, answer.error_code)
        assert row in TABLE, name
        assert meaning(outcome(asked, answer, dialect)) == TABLE[row], (name, row)


def test_every_row_of_the_table_was_recorded() -> None:
    rows = {(asked, dialect, one.status, one.error_code) for _, asked, dialect, one in RECORDED}
    assert rows == set(TABLE)


def test_every_recorded_failure_has_one_readable_sentence() -> None:
    for name, asked, dialect, answer in RECORDED:
        found = outcome(asked, answer, dialect)
        if not isinstance(found, Done):
            assert found.reason, name
            assert found.reason[0].isupper(), name
            assert len(found.reason) < 260, name
            assert "\n" not in found.reason, name


def test_after_asking_a_bare_403_is_a_lock_or_a_refusal_of_the_path() -> None:
    def server(locked: bool) -> Server:
        return Server("1.0.1", L, "", 0, 7, "uuid", "Stroop", "dir", locked)

    bare = answers.of_writing(Asked.UPLOAD, Answer(403, "text/plain", b"Study is locked"), L)
    assert isinstance(bare, Unclear)
    assert meaning(answers.after_asking(Asked.UPLOAD, bare, server(locked=True))) == "LOCKED"
    assert meaning(answers.after_asking(Asked.UPLOAD, bare, server(locked=False))) == "Refused"
    assert meaning(answers.after_asking(Asked.DOWNLOAD, bare, server(locked=True))) == "Refused"


# --- proxies, portals and nonsense

HTML = b"<html><head><title>Campus &amp; Login\n</title></head><body>password</body></html>"


def page(status: int, body: bytes = HTML, **more: Any) -> Answer:
    return Answer(status, "text/html", body, **more)


@pytest.mark.parametrize(
    ("asked", "answer", "expected"),
    [
        (Asked.UPLOAD, page(413, b"<h1>413</h1>"), "Refused"),
        (Asked.UPLOAD, page(414), "Refused"),
        (Asked.UPLOAD, page(200), "not JATOS"),
        (Asked.DELETE, page(200), "not JATOS"),
        (Asked.DELETE, page(200, b""), "not JATOS"),
        (Asked.UPLOAD, Answer(200, "application/json", b'{"ok": true}'), "not JATOS"),
        (Asked.UPLOAD, Answer(200, "application/json", b'{"apiVersion"'), "not JATOS"),
        (Asked.UPLOAD, Answer(200, "application/json", b"\xff\xfe\xfa"), "not JATOS"),
        (Asked.UPLOAD, Answer(200, "application/json", b"[" * 100_000), "not JATOS"),
        (Asked.UPLOAD, Answer(202, "", b""), "Refused"),
        (Asked.UPLOAD, Answer(204, "", b""), "Refused"),
        (Asked.DELETE, Answer(418, "text/plain", b"teapot"), "Refused"),
        (Asked.UPLOAD, page(403), "ask first (proxy)"),
        (Asked.DELETE, page(404), "ask first (proxy)"),
        (Asked.UPLOAD, page(401), "NOT_SIGNED_IN"),
        (Asked.UPLOAD, page(302, b"", location="https://idp.example.org/login"), "NOT_SIGNED_IN"),
        (Asked.UPLOAD, page(308), "NOT_SIGNED_IN"),
        (Asked.UPLOAD, page(408), "Unavailable"),
        (Asked.UPLOAD, page(429), "Unavailable"),
        (Asked.UPLOAD, page(502), "Unavailable"),
        (Asked.UPLOAD, page(503), "Unavailable"),
        (Asked.UPLOAD, page(504), "Unavailable"),
        (Asked.UPLOAD, page(522), "Unavailable"),
        (Asked.UPLOAD, page(500), "Refused"),
        (Asked.TOKEN, page(403), "Unavailable"),
        (Asked.TOKEN, page(404), "not JATOS"),
        (Asked.TOKEN, Answer(404, "text/plain", b"no"), "not JATOS"),
        (Asked.STUDY, page(404), "not JATOS"),
        (Asked.STUDY, page(403), "Unavailable"),
        (Asked.STUDIES, Answer(403, "text/plain", b"off"), "API_OFF"),
    ],
)
def test_what_stands_in_front_of_jatos_is_told_apart_from_it(
    asked: Asked, answer: Answer, expected: str
) -> None:
    for dialect in Dialect:
        assert meaning(outcome(asked, answer, dialect)) == expected


def test_what_is_too_large_is_refused_with_the_limit_of_whoever_refuses() -> None:
    by_proxy = answers.of_path(Asked.UPLOAD, page(413))
    by_jatos = answers.of_path(Asked.UPLOAD, Answer(413, "text/plain", b"Request Entity Too Large"))
    assert isinstance(by_proxy, Refused)
    assert isinstance(by_jatos, Refused)
    assert "client_max_body_size" in by_proxy.reason
    assert "2,048 MB" in by_jatos.reason


def test_silence_is_a_success_only_on_legacy() -> None:
    assert meaning(outcome(Asked.UPLOAD, Answer(200), L)) == "done"
    assert meaning(outcome(Asked.UPLOAD, Answer(200), E)) == "not JATOS"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(201),
        Answer(200, "text/plain"),
        Answer(200, "text/html"),
        Answer(200, "application/json"),
        Answer(200, body=b"\n"),
    ],
)
def test_what_is_more_than_the_silence_of_legacy_is_no_success(answer: Answer) -> None:
    for asked in (Asked.UPLOAD, Asked.DELETE):
        assert meaning(outcome(asked, answer, L)) == "not JATOS"


def test_a_page_is_named_by_its_title() -> None:
    found = answers.not_jatos(page(200))
    assert "“Campus & Login”" in found.reason


def test_a_redirect_is_named_without_what_follows_the_question_mark() -> None:
    found = answers.of_all(Asked.TOKEN, page(302, b"", location="https://idp.example/x?state=1#y"))
    assert "https://idp.example/x;" in found.reason
    assert "state" not in found.reason


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("86400", 300.0), ("", None), ("-1", None), ("soon", None), ("9" * 99, None)],
)
def test_retry_after_is_honoured_up_to_five_minutes(text: str, seconds: float | None) -> None:
    found = answers.of_path(Asked.UPLOAD, page(429, retry_after=text))
    assert isinstance(found, Unavailable)
    assert found.retry_after_s == seconds


@pytest.mark.parametrize(
    ("until", "seconds"),
    [
        ("Tue, 24 Nov 2020 08:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2020 07:00:00 GMT", 0.0),
        ("Sun, 24 Nov 2999 08:00:00 GMT", 300.0),
        ("Tue, 99 Nov 2020 08:00:00 GMT", None),
        ("Tue, 24 Nov 2020 08:00:30", None),
    ],
)
def test_a_date_to_come_back_at_counts_from_the_servers_own_wrong_one(
    until: str, seconds: float | None
) -> None:
    answer = page(503, retry_after=until, date="Tue, 24 Nov 2020 08:00:00 GMT")
    found = answers.of_path(Asked.UPLOAD, answer)
    assert isinstance(found, Unavailable)
    assert found.retry_after_s == seconds


def test_a_token_that_does_not_arrive_is_told_apart_from_a_wrong_one() -> None:
    body = b'{"apiVersion": "1.1.0", "error": {"code": "AUTH_ERROR", "message": "No token"}}'
    found = answers.of_all(Asked.TOKEN, Answer(401, "application/json", body))
    assert isinstance(found, Stopped)
    assert "does not reach JATOS" in found.reason


def test_words_of_a_server_are_shown_on_one_harmless_line() -> None:
    noisy = b"Disk\r\nfull \x1b[31m" + f"(sent: Bearer {GOOD})".encode() + b" " + b"x" * 9000
    found = answers.of_path(Asked.UPLOAD, Answer(400, "text/plain", noisy))
    assert isinstance(found, Refused)
    assert "Disk full" in found.reason
    assert GOOD not in found.reason
    assert found.reason.isprintable()
    assert len(found.reason) < 260


@pytest.mark.parametrize(
    ("version", "dialect"),
    [
        ("1.0.0", L),
        ("1.0.1", L),
        ("1.0", L),
        ("1.1.0", E),
        ("1.2.3-beta", E),
        ("2.0.0", E),
        ("v1", None),
        ("0.9.0", None),
        ("", None),
        (None, None),
        ("9" * 999, None),
    ],
)
def test_the_dialect_follows_from_the_api_version(version: object, dialect: Dialect | None) -> None:
    assert answers.dialect_of(version) is dialect


def test_each_stop_can_be_reached() -> None:
    reached = set(TABLE.values()) | {"NOT_SIGNED_IN", answers.ONLY_A_VIEWER.stop.name}
    reached.add(Stop.FOLDER_GONE.name)  # known from a second question, not from one answer
    assert {stop.name for stop in Stop} <= reached
