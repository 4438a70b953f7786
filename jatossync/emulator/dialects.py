"""Where JATOS 3.8, 3.9 and 3.10 differ, as tables.

Every value was recorded from a running JATOS 3.8.1, 3.9.8 or 3.10.5. The code that acts is
shared; it asks the dialect what to allow and how to say it.
"""

import json
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from jatossync.emulator.answers import Answer

TEXT = "text/plain; charset=UTF-8"
JSON = "application/json"


class Refusal(Enum):
    """Every reason for which JATOS says no."""

    NO_ROUTE = auto()
    API_OFF = auto()
    NOT_SIGNED_IN = auto()
    BAD_TOKEN = auto()
    INTERNAL = auto()
    NO_STUDY_ID = auto()
    NO_STUDY_UUID = auto()
    NO_ACCESS = auto()
    LOCKED = auto()
    BAD_BODY = auto()
    BAD_QUERY = auto()
    TOO_LARGE = auto()
    FILE_MISSING = auto()
    UPLOAD_PATH = auto()
    UPLOAD_CLASH = auto()
    UPLOAD_FAILED = auto()
    DOWNLOAD_PATH = auto()
    DELETE_FAILED = auto()
    NO_FILE = auto()
    NO_FOLDER = auto()


class RefusedError(Exception):
    """Ends a request with the dialect's answer for `refusal`; `details` fill its text."""

    def __init__(self, refusal: Refusal, **details: object) -> None:
        super().__init__(refusal.name)
        self.refusal = refusal
        self.details = details


@dataclass(frozen=True)
class Said:
    """How one refusal is said: `text` may be absent, `code` only exists in the envelope."""

    status: int
    text: str = ""
    code: str = ""
    location: str = ""
    close: bool = False


_NO_FILE = "File '{path}' couldn't be found."
_NO_FOLDER = "Study assets directory couldn't be found"
_API_OFF = "JATOS' current settings do not allow API usage"
_TOO_LARGE = "Request entity too large"
_DIFFERENT_TYPE = "File already exists but is of a different type"
_NO_PATH = 'IO error: Couldn\'t generate path to file or directory "{path}".'

_LEGACY: dict[Refusal, Said] = {
    Refusal.NO_ROUTE: Said(404, "Requested page {page} couldn't be found."),
    Refusal.API_OFF: Said(403, _API_OFF),
    Refusal.NOT_SIGNED_IN: Said(303, location="/jatos/signin"),
    Refusal.BAD_TOKEN: Said(401, "Invalid api token"),
    Refusal.INTERNAL: Said(
        500, "Internal JATOS error during {target}. Check logs to get more information."
    ),
    Refusal.NO_STUDY_ID: Said(404, "Couldn't find study with ID {given}"),
    Refusal.NO_STUDY_UUID: Said(404, "Couldn't find study with UUID {given}"),
    Refusal.NO_ACCESS: Said(403, "No access to study with ID {id}"),
    Refusal.LOCKED: Said(
        403, "Study with ID {id} is locked. Unlock it if you want to make changes."
    ),
    Refusal.BAD_BODY: Said(400, "bad request"),
    Refusal.BAD_QUERY: Said(400, "{problem}"),
    Refusal.TOO_LARGE: Said(
        413, f"{_TOO_LARGE}: You probably tried to upload a file that is too large", close=True
    ),
    Refusal.FILE_MISSING: Said(400, "File missing"),
    Refusal.UPLOAD_PATH: Said(400, "Error writing file"),
    Refusal.UPLOAD_CLASH: Said(400, "Error writing file"),
    Refusal.UPLOAD_FAILED: Said(400, "Error writing file"),
    Refusal.DOWNLOAD_PATH: Said(404, _NO_FILE),
    Refusal.DELETE_FAILED: Said(400),
    Refusal.NO_FILE: Said(404, _NO_FILE),
    Refusal.NO_FOLDER: Said(404, _NO_FOLDER),
}

_ENVELOPE: dict[Refusal, Said] = {
    Refusal.NO_ROUTE: Said(404, "Requested page {method} {page} couldn't be found.", "NOT_FOUND"),
    Refusal.API_OFF: Said(403, _API_OFF, "AUTH_ERROR"),
    Refusal.NOT_SIGNED_IN: Said(401, "Failed authentication", "AUTH_ERROR"),
    Refusal.BAD_TOKEN: Said(401, "Invalid api token", "INVALID_API_TOKEN"),
    Refusal.INTERNAL: Said(500, "Unexpected error", "UNEXPECTED_ERROR"),
    Refusal.NO_STUDY_ID: Said(404, "Study doesn't exist.", "NOT_FOUND"),
    Refusal.NO_STUDY_UUID: Said(404, "Study doesn't exist.", "NOT_FOUND"),
    Refusal.NO_ACCESS: Said(403, "No access to study.", "NO_ACCESS"),
    Refusal.LOCKED: Said(403, "Study locked", "STUDY_LOCKED"),
    Refusal.BAD_BODY: Said(400, "{problem}", "CLIENT_ERROR"),
    Refusal.BAD_QUERY: Said(400, "{problem}", "VALIDATION_ERROR"),
    Refusal.TOO_LARGE: Said(413, _TOO_LARGE, "TOO_LARGE", close=True),
    Refusal.FILE_MISSING: Said(400, "File missing", "MISSING_FILE"),
    Refusal.UPLOAD_PATH: Said(400, "Invalid path: {path}", "VALIDATION_ERROR"),
    Refusal.UPLOAD_CLASH: Said(400, _DIFFERENT_TYPE, "FILE_ALREADY_EXISTS"),
    Refusal.UPLOAD_FAILED: Said(500, "Error writing file", "UNSPECIFIED"),
    Refusal.DOWNLOAD_PATH: Said(500, _NO_PATH, "IO_ERROR"),
    Refusal.DELETE_FAILED: Said(500, "Error writing file", "UNSPECIFIED"),
    Refusal.NO_FILE: Said(404, _NO_FILE, "NOT_FOUND"),
    Refusal.NO_FOLDER: Said(404, _NO_FOLDER, "NOT_FOUND"),
}


@dataclass(frozen=True)
class Dialect:
    """One JATOS version: what it knows, what it allows and how it answers."""

    name: str
    api_version: str
    envelope: bool  # {"apiVersion", "message"|"data"|"error"} instead of plain texts
    has_listing: bool  # GET …/assets/structure
    enforces_locks: bool
    has_viewers: bool  # a role that sees studies and results, but no assets
    trims_upload_paths: bool  # characters up to U+0020 at both ends
    illegal_characters: str
    nul_is_internal_error: bool
    replaces_empty_directories: bool  # a file may take the place of an empty directory
    slash_after_directories: bool  # in a listing's paths
    backslash_listed_as_slash: bool
    assets_root_route: str  # the upload address that takes its name from the part
    disposition: str  # of a download
    log_type: str
    refusals: dict[Refusal, Said]

    def refuse(self, refused: RefusedError) -> Answer:
        """The answer that this JATOS gives for a refusal."""
        said = self.refusals[refused.refusal]
        text = said.text.format_map(refused.details)
        headers = {"Location": said.location} if said.location else {}
        if self.envelope:
            error = {"code": said.code, "message": text}
            return replace(self.json(said.status, error=error), close=said.close)
        if text:
            headers["Content-Type"] = TEXT
        return Answer(said.status, headers, text.encode(), close=said.close)

    def data(self, data: object) -> Answer:
        """200 with data; the same form in all dialects."""
        return self.json(200, data=data)

    def done(self, status: int, message: str) -> Answer:
        """Success of a writing request: legacy says only 200."""
        if self.envelope:
            return self.json(status, message=message)
        return Answer(200)

    def json(self, status: int, **fields: Any) -> Answer:
        """The envelope around an answer's fields."""
        content = {"apiVersion": self.api_version, **fields}
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return Answer(status, {"Content-Type": JSON}, body.encode(errors="replace"))


_3_9 = Dialect(
    name="3.9",
    api_version="1.0.1",
    envelope=False,
    has_listing=True,
    enforces_locks=True,
    has_viewers=False,
    trims_upload_paths=False,
    illegal_characters="",
    nul_is_internal_error=True,
    replaces_empty_directories=True,
    slash_after_directories=True,
    backslash_listed_as_slash=False,
    assets_root_route="assets/",
    disposition="inline",
    log_type="application/jsonline",
    refusals=_LEGACY,
)

_3_8 = replace(
    _3_9,
    name="3.8",
    api_version="1.0.0",
    has_listing=False,
    enforces_locks=False,
    refusals=_LEGACY | {Refusal.NOT_SIGNED_IN: Said(303, location="/jatos/login")},
)

_3_10 = Dialect(
    name="3.10",
    api_version="1.1.0",
    envelope=True,
    has_listing=True,
    enforces_locks=True,
    has_viewers=True,
    trims_upload_paths=True,
    illegal_characters='\\<>:"|?*\x7f' + "".join(map(chr, range(32))),
    nul_is_internal_error=False,
    replaces_empty_directories=False,
    slash_after_directories=False,
    backslash_listed_as_slash=True,
    assets_root_route="assets",
    disposition="attachment",
    log_type="application/x-ndjson",
    refusals=_ENVELOPE,
)

DIALECTS = {dialect.name: dialect for dialect in (_3_10, _3_9, _3_8)}
