"""
JATOS's JSON as values of core. Pure; None means "this is not what a JATOS sends".

Source: jatos-api.md, Requests and Listing, and the recordings in tests/contract.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from jatossync.core.jobs import Server
from jatossync.core.model import Listing, Seen
from jatossync.core.paths import BadPath, RelPath, rel_path
from jatossync.remote.answers import Answer, dialect_of

_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_TEMPORARY = re.compile(r"\..+\.tmp-" + _UUID.pattern)
"""What JATOS itself writes beside a file while it moves it."""


class StudyHead(NamedTuple):
    """One study that the token's user is a member of."""

    id: int
    uuid: str
    title: str
    locked: bool


class Who(NamedTuple):
    """Whose token it is, and for how long."""

    username: str
    """Empty where this JATOS does not tell (before 3.10)."""
    expires_ms: int
    """0: never."""


class Component(NamedTuple):
    """One component of a study."""

    id: int
    page: RelPath | None
    """Its `htmlFilePath`; None where it has none."""


class StudyPages(NamedTuple):
    """A study with the pages its components use."""

    id: int
    title: str
    components: list[Component]


def is_study_uuid(text: str) -> bool:
    """Whether `text` has the form of a study's UUID."""
    return _UUID.fullmatch(text) is not None


def server_of(token: Answer, study: Answer) -> Server | None:
    """What `admin/token` and the study's properties say together."""
    version = (token.json() or {}).get("apiVersion")
    dialect = dialect_of(version)
    who, what = _data(token), _data(study)
    head = _study_head(what)
    if dialect is None or not isinstance(who, dict) or not isinstance(what, dict) or head is None:
        return None
    expires = who.get("expirationDate")
    return Server(
        api_version=str(version),
        dialect=dialect,
        username=_text(who.get("username")),
        token_expires_ms=expires if isinstance(expires, int) else 0,
        study_id=head.id,
        study_uuid=head.uuid,
        study_title=head.title,
        dir_name=_text(what.get("dirName")),
        locked=what.get("locked") is True,
        pages=frozenset(page for _, page in _components(what.get("components")) if page),
    )


def only_views(token: Answer) -> bool:
    """Whether the token's user may see studies, and none of their files (3.10, role VIEWER)."""
    who = _data(token)
    return isinstance(who, dict) and who.get("roles") == ["VIEWER"]


def who_of(token: Answer) -> Who | None:
    """What `admin/token` says."""
    data = _data(token)
    if not isinstance(data, dict):
        return None
    return Who(_text(data.get("username")), _number(data.get("expirationDate")) or 0)


def studies_of(answer: Answer) -> list[StudyHead] | None:
    """The studies of `studies/properties`."""
    data = _data(answer)
    if not isinstance(data, list):
        return None
    return [head for item in data if (head := _study_head(item))]


def listing_of(answer: Answer) -> Listing | None:
    """
    The files of `assets/structure?flatten=true`; directories come too and are left out.

    Left out as well are JATOS's own temporary files, and names that no path here can have.
    """
    data = _data(answer)
    if not isinstance(data, list):
        return None
    files: dict[RelPath, Seen] = {}
    for node in data:
        if not isinstance(node, dict):
            return None
        if node.get("type") != "file":
            continue
        name, size = node.get("path"), _number(node.get("size"))
        if not isinstance(name, str) or size is None:
            return None  # a file left out would count as absent
        path = _path(name)
        if path is None or _TEMPORARY.fullmatch(path.rpartition("/")[2]):
            continue
        checksum, modified = _number(node.get("checksum")), _number(node.get("lastModified"))
        files[path] = Seen(size, adler32=checksum, modified_ms=modified)
    return Listing(files)


def _data(answer: Answer) -> object:
    return (answer.json() or {}).get("data")


def _study_head(item: object) -> StudyHead | None:
    if not isinstance(item, dict):
        return None
    number, uuid = _number(item.get("id")), item.get("uuid")
    if number is None or not isinstance(uuid, str) or not is_study_uuid(uuid):
        return None
    return StudyHead(number, uuid, _text(item.get("title")), item.get("locked") is True)


def pages_of(study: Answer) -> StudyPages | None:
    """What the study's properties say of its components."""
    what = _data(study)
    head = _study_head(what)
    if head is None or not isinstance(what, dict):
        return None
    return StudyPages(head.id, head.title, _components(what.get("components")))


def _components(found: object) -> list[Component]:
    """A study's components in their order."""
    items = found if isinstance(found, list) else []
    return [
        Component(number, _page(_text(item.get("htmlFilePath"))))
        for item in items
        if isinstance(item, dict) and (number := _number(item.get("id"))) is not None
    ]


def _page(name: str) -> RelPath | None:
    """A page as a path of the study's folder, however it is written in JATOS."""
    tidy = "/".join(part for part in name.split("/") if part not in ("", "."))
    return _path(tidy) if tidy else None


def _path(name: str) -> RelPath | None:
    try:
        return rel_path(name.encode("utf-8", "surrogatepass"))
    except BadPath:
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
