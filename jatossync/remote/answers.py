"""
What an answer means: from status, headers and body to an outcome, with one sentence for the user.

Pure. Source: jatos-api.md, Answers, and the recordings in tests/contract. The text of a message is
shown and never decides anything; only JATOS 3.10's error codes do.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum

from jatossync.core.jobs import Done, Refused, Server, Stop, Stopped, Trouble, Unavailable
from jatossync.core.paths import Dialect

MAX_RETRY_AFTER_S = 300.0
"""A longer Retry-After is cut to this."""


class Asked(Enum):
    """What a request was for."""

    TOKEN = "token"  # noqa: S105  (a word, not a secret)
    STUDY = "study"
    STUDIES = "studies"
    LISTING = "listing"
    DOWNLOAD = "download"
    UPLOAD = "upload"
    DELETE = "delete"


_WRITES = (Asked.UPLOAD, Asked.DELETE)


@dataclass(frozen=True)
class Unclear:
    """The same answer can mean different things: token and study have to be asked first."""

    status: int
    reason: str
    """What to tell the user if they are in order."""
    by_jatos: bool
    """False where something in front of JATOS answered."""


@dataclass(frozen=True)
class Answer:
    """One complete answer."""

    status: int
    content_type: str = ""
    """Lower case, without parameters."""
    body: bytes = b""
    is_file: bool = False
    """It has a Content-Disposition: JATOS sends one with every asset, and with nothing else."""
    size: int | None = None
    """Content-Length, also of an answer to HEAD."""
    location: str = ""
    retry_after: str = ""
    date: str = ""
    """What the server believes the time to be."""

    @property
    def is_html(self) -> bool:
        """JATOS's API never answers with HTML of its own; proxies and sign-in pages do."""
        return not self.is_file and self.content_type in ("text/html", "application/xhtml+xml")

    def json(self) -> dict[str, object] | None:
        """JATOS's envelope; None where the body is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        if isinstance(value, dict) and dialect_of(value.get("apiVersion")) is not None:
            return value
        return None

    @property
    def error_code(self) -> str:
        """JATOS 3.10's code of an error; "" on legacy, and where something else answered."""
        error = (self.json() or {}).get("error")
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, str) else ""

    @property
    def message(self) -> str:
        """JATOS's own words in full, as data; "" where something else answered."""
        error = (self.json() or {}).get("error")
        if isinstance(error, dict):
            return str(error.get("message", ""))
        return "" if self.is_html else _decoded(self.body)

    def said(self) -> str:
        """What the answer says in words, short and harmless to print; "" where it says nothing."""
        if self.is_html:
            found = re.search(rb"<title[^>]*>(.*?)</title", self.body, re.IGNORECASE | re.DOTALL)
            return _printable(html.unescape(_decoded(found[1]))) if found else ""
        if self.error_code or self.content_type == "text/plain":
            return _printable(self.message)
        return ""


BAD_TOKEN = Stopped(
    Stop.TOKEN,
    "JATOS does not accept the token: it is unknown, expired or deactivated, "
    "or its user may not do this",
)
SIGN_IN_BEFORE = Stopped(
    Stop.NOT_SIGNED_IN,
    "What stands in front of JATOS asks for a sign-in of its own (status 401)",
)
WITHOUT_TOKEN = Stopped(
    Stop.NOT_SIGNED_IN,
    "The token does not reach JATOS: what stands before it takes the Authorization header away",
)
API_OFF = Stopped(Stop.API_OFF, "The administrator of this JATOS has switched its API off")
NO_ACCESS = Stopped(Stop.NO_ACCESS, "The user of the token is not a member of the study in JATOS")
ONLY_A_VIEWER = Stopped(
    Stop.ROLE, "The user of the token is only a viewer in JATOS, and may not change study files"
)
STUDY_GONE = Stopped(Stop.STUDY_GONE, "JATOS does not know the study")
KEPT_OUT = Unavailable(
    "What stands in front of JATOS does not let this computer in (status 403); "
    "perhaps it is reachable only from inside: is a VPN needed?"
)
API_KEPT_OUT = Unavailable(
    "JATOS is there, but what stands in front of it does not let this computer use its API "
    "(status 403); ask its administrator to let /jatos/api through, or is a VPN needed?"
)
TOO_LARGE_FOR_JATOS = (
    "JATOS does not take a file of this size: its limit is 2,048 MB, if its administrator set no "
    "other (status 413)"
)
TOO_LARGE_FOR_PROXY = (
    "What stands in front of JATOS does not take a file of this size (status 413): nginx takes "
    "1 MB, if its administrator set no other client_max_body_size"
)
NO_API = Unavailable(
    "There is no JATOS API at this address (status 404), or the JATOS is older than 3.8.1",
    not_jatos=True,
)

_BY_CODE = {
    "STUDY_LOCKED": Stopped(Stop.LOCKED, "The study is locked in JATOS"),
    "AUTH_ERROR": API_OFF,
    "NO_ACCESS": NO_ACCESS,
}

_OF_THE_SERVER = {
    408: "The server found the request too slow (status 408)",
    429: "The server asks for fewer requests (status 429)",
    502: "What stands in front of JATOS cannot reach it (status 502)",
    503: "The server is not available just now (status 503)",
    504: "What stands in front of JATOS waited too long for it (status 504)",
} | {
    status: f"What stands in front of JATOS cannot reach it (status {status}, Cloudflare)"
    for status in range(520, 531)
}


def dialect_of(api_version: object) -> Dialect | None:
    """The dialect of a JATOS by its `apiVersion`; None where it is no JATOS's."""
    found = re.fullmatch(r"(\d{1,4})\.(\d{1,4})(\..*)?", str(api_version))
    if not found or int(found[1]) < 1:
        return None
    return Dialect.LEGACY if (int(found[1]), int(found[2])) < (1, 1) else Dialect.ENVELOPE


def not_jatos(answer: Answer) -> Unavailable:
    """Something answered, and it is no JATOS."""
    if answer.is_html:
        title = answer.said()
        page = f"an HTML page titled “{title}”" if title else "an HTML page"
        return Unavailable(f"The server answers with {page} and not as a JATOS does", True)
    return Unavailable(
        f"The server answers, but not as a JATOS does (status {answer.status})", True
    )


def of_writing(asked: Asked, answer: Answer, dialect: Dialect) -> Done | Trouble | Unclear:
    """
    The outcome of an upload or a delete.

    A success counts only if JATOS itself says so: with its envelope, or on legacy with 200 and no
    body nor type of one. Whatever else has status 200 (a sign-in page, a proxy) is none.
    """
    if answer.status not in (200, 201):
        return of_path(asked, answer)
    by_envelope = answer.json() is not None
    silent = answer.status == 200 and not answer.body and not answer.content_type
    if by_envelope or (silent and dialect is Dialect.LEGACY):
        return Done(created=answer.status == 201)
    return not_jatos(answer)


def of_path(asked: Asked, answer: Answer) -> Trouble | Unclear:
    """What a request for one path (or the listing) came to that was not plainly answered."""
    found = of_any_request(answer)
    if found is not None:
        return found
    if answer.status in (403, 404):
        return Unclear(answer.status, _refusal(asked, answer), by_jatos=not answer.is_html)
    return Refused(_refusal(asked, answer))


def of_all(asked: Asked, answer: Answer) -> Unavailable | Stopped:
    """What a question about token or studies came to that was not plainly answered."""
    found = of_any_request(answer)
    if found is not None:
        return found
    if answer.status == 403 and answer.is_html:
        return KEPT_OUT
    if answer.is_html:
        return not_jatos(answer)
    if answer.status == 403:
        return NO_ACCESS if asked is Asked.STUDY else API_OFF
    if answer.status == 404:
        return STUDY_GONE if asked is Asked.STUDY else NO_API
    return Unavailable(_with_words("The server answers with an error", answer))


def after_asking(asked: Asked, doubt: Unclear, server: Server) -> Trouble:
    """What a 403 or 404 means, now that token and study are known to be in order."""
    if doubt.status == 403 and doubt.by_jatos and server.locked and asked in _WRITES:
        return locked(server)
    return Refused(doubt.reason)


def locked(server: Server) -> Stopped:
    """Nothing may be written to this study now (3.8 would let it happen: surprise 6)."""
    return Stopped(Stop.LOCKED, f"The study “{server.study_title}” is locked in JATOS")


def of_any_request(answer: Answer) -> Unavailable | Stopped | None:
    """What means the same whatever was asked."""
    status = answer.status
    if 300 <= status < 400:
        return Stopped(Stop.NOT_SIGNED_IN, _redirect(answer))
    if status == 401 and answer.is_html:
        return SIGN_IN_BEFORE
    if status == 401:
        return WITHOUT_TOKEN if answer.error_code == "AUTH_ERROR" else BAD_TOKEN
    if status == 403:
        return _BY_CODE.get(answer.error_code)
    if reason := _OF_THE_SERVER.get(status):
        return Unavailable(reason, retry_after_s=_asked_to_wait_s(answer))
    return None


def _redirect(answer: Answer) -> str:
    where = re.sub(r"[?#].*", "", answer.location)
    return f"The server redirects to {_printable(where) or 'another address'}; " + (
        "that is not the address of JATOS itself, or a sign-in stands before it"
    )


def _refusal(asked: Asked, answer: Answer) -> str:
    if answer.status == 413:
        return TOO_LARGE_FOR_PROXY if answer.is_html else TOO_LARGE_FOR_JATOS
    if answer.status == 414:
        return (
            "The server does not take so long an address (status 414): JATOS takes 2,048 bytes "
            "unless its administrator allows more; shorten the path"
        )
    verb = {Asked.UPLOAD: "store", Asked.DELETE: "delete", Asked.LISTING: "list"}
    who = "Something in front of JATOS" if answer.is_html else "JATOS"
    return _with_words(f"{who} refuses to {verb.get(asked, 'give')} it", answer)


def _with_words(sentence: str, answer: Answer) -> str:
    words = answer.said()
    said = f": “{words}”" if words else ""
    return f"{sentence} (status {answer.status}{said})"


def _asked_to_wait_s(answer: Answer) -> float | None:
    """Retry-After; as a date it counts from the server's own, for its clock may be wrong."""
    text = answer.retry_after.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(answer.date)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(wait.total_seconds(), 0.0), MAX_RETRY_AFTER_S)


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def _printable(text: str) -> str:
    """One short line without control characters, and without a token if one is echoed."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    line = re.sub(r"jap_[A-Za-z0-9]+", "jap_…", line)
    return line if len(line) <= 120 else line[:119] + "…"
