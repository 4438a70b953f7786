"""The JSON that JATOS gives for its things, and the headers of a download."""

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from jatossync.emulator.dialects import Dialect
from jatossync.emulator.state import Component, State, Study, Token, now_ms

# JATOS's own table is longer; these are what studies are made of.
_MEDIA_TYPES = {
    "avif": "image/avif",
    "bin": "application/mac-binary",
    "bmp": "image/bmp",
    "css": "text/css",
    "csv": "text/csv",
    "gif": "image/gif",
    "gz": "application/x-gzip",
    "htm": "text/html",
    "html": "text/html",
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "application/javascript",
    "json": "application/json",
    "m4a": "audio/mp4",
    "m4v": "video/mp4",
    "mjs": "application/javascript",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "ogg": "audio/ogg",
    "ogv": "video/ogg",
    "otf": "font/otf",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "ttf": "font/ttf",
    "txt": "text/plain",
    "wasm": "application/wasm",
    "wav": "audio/x-wav",
    "webm": "video/webm",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xml": "application/xml",
    "zip": "application/zip",
}
_ATTRIBUTE_MARKS = "!#$&+-.^_`|~"  # RFC 5987
_QUOTABLE_MARKS = _ATTRIBUTE_MARKS + "()<>@,;:/[]?={} '*"


def media_type(name: str) -> str:
    """The content type that JATOS derives from a file's name."""
    _, _, extension = name.rpartition(".")
    known = _MEDIA_TYPES.get(extension.lower()) if "." in name else None
    return known or "application/octet-stream"


def download_headers(path: str, dialect: Dialect) -> dict[str, str]:
    """Type and disposition of a downloaded file."""
    name = PurePosixPath(path).name
    return {
        "Content-Type": media_type(name),
        "Content-Disposition": f"{dialect.disposition}; {_filename(name)}",
    }


def _filename(name: str) -> str:
    """`filename`, with `?` for what needs encoding, and then `filename*` as well."""
    plain = "".join(char if _is_quotable(char) else "?" for char in name)
    if all(map(_is_quotable, name)):
        return f'filename="{plain}"'
    encoded = "".join(
        char if _is_word(char) or char in _ATTRIBUTE_MARKS else quote(char, safe="").lower()
        for char in name
    )
    return f"filename=\"{plain}\"; filename*=utf-8''{encoded}"


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _is_quotable(char: str) -> bool:
    return _is_word(char) or char in _QUOTABLE_MARKS


def token(token: Token, dialect: Dialect) -> dict[str, Any]:
    """Answer of `admin/token`."""
    roles = ["USER", "ADMIN"] if token.role == "ADMIN" and token.member else ["USER"]
    if token.role == "VIEWER":
        roles = ["VIEWER"]
    common = {"id": token.id, "name": token.name, "creationDate": token.created_ms}
    ends = {"isExpired": token.expired, "expirationDate": token.expiration_ms}
    if not dialect.envelope:
        legacy = {"expires": token.expires_s, "active": token.active}
        return common | legacy | ends | {"isAdminToken": "ADMIN" in roles}
    owner = {"username": "admin", "userId": 1}
    if not token.member:
        owner = {"username": "other", "userId": 2}
    rights = {"active": token.active, "expiresAfter": token.expires_s, "roles": roles}
    return common | rights | ends | owner


def status(state: State) -> dict[str, Any]:
    """Answer of `admin/status`."""
    studies = len(state.studies)
    runs = sum(len(study.runs) for study in state.studies.values())
    return {
        "studyCount": studies,
        "studyCountTotal": studies,
        "studyResultCount": runs,
        "studyResultCountTotal": runs,
        "workerCount": 1,
        "workerCountTotal": 1,
        "userCount": 1,
        "serverTime": now_ms(),
        "latestUsers": [],
        "latestStudyRuns": [],
    }


def study(study: Study, dialect: Dialect) -> dict[str, Any]:
    """A study's properties."""
    shape: dict[str, Any] = {"id": study.id, "uuid": study.uuid, "title": study.title}
    if dialect.envelope:
        shape["description"] = None
    shape |= {
        "locked": study.locked,
        "active": True,
        "groupStudy": False,
        "linearStudy": False,
        "allowPreview": False,
        "dirName": study.dir_name,
        "comments": None,
        "studyInput" if dialect.envelope else "jsonData": None,
        "endRedirectUrl": None,
        "studyEntryMsg": None,
    }
    if not dialect.envelope:
        shape |= {"componentList": None, "batchList": None}
    admin = {"id": 1, "username": "admin"} if dialect.envelope else {"username": "admin"}
    return shape | {
        "descriptionHash": None,
        "components": [_component(each, dialect) for each in study.components],
        "batches": [{"id": study.id, "uuid": study.batch_uuid}],
        "members": [admin],
    }


def _component(component: Component, dialect: Dialect) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": component.id,
        "uuid": component.uuid,
        "title": component.title,
        "htmlFilePath": component.html_file_path,
        "reloadable": True,
        "active": True,
    }
    if not dialect.has_listing:
        shape |= {"comments": None, "jsonData": None}
    return shape
