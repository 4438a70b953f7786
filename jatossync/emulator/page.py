"""What a person looks at: the page of the emulator, and the assets as a browser gets them."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jatossync.emulator.answers import Answer, file_answer
from jatossync.emulator.dialects import JSON, Dialect
from jatossync.emulator.requests import Log
from jatossync.emulator.shapes import media_type
from jatossync.emulator.state import State, Study

PAGE = Path(__file__).with_name("page.html")
HTML = "text/html; charset=utf-8"
SIGN_IN = ("/jatos/signin", "/jatos/login")  # where JATOS sends a request without a token
ASSETS = "/study_assets/"
LAST_REQUESTS = 40
MOST_FILES = 500  # more would only make the page slow


class Page:
    """Answers for a browser; the page asks for the overview again and again."""

    def __init__(self, state: State, dialect: Dialect, log: Log) -> None:
        self._state = state
        self._dialect = dialect
        self._log = log

    def answer(self, path: str) -> Answer | None:
        """The page, its data or an asset; None for any other address."""
        if path in ("/", "/emulator"):
            return Answer(303, {"Location": "/emulator/"})
        if path in SIGN_IN:
            return Answer(200, {"Content-Type": HTML}, b"<h1>Sign in</h1>")
        if path == "/emulator/":
            return file_answer(PAGE, {"Content-Type": HTML})
        if path == "/emulator/overview":
            body = json.dumps(self._overview()).encode()
            return Answer(200, {"Content-Type": JSON, "Cache-Control": "no-store"}, body)
        if path.startswith(ASSETS):
            return self._asset(path.removeprefix(ASSETS))
        return None

    def _asset(self, path: str) -> Answer | None:
        dir_name, _, name = path.partition("/")
        studies = list(self._state.studies.values())
        study = next((each for each in studies if each.dir_name == dir_name), None)
        if study is None or "\0" in name:
            return None
        folder = self._state.folder(study).resolve()
        file = (folder / name).resolve()
        if not file.is_relative_to(folder) or not file.is_file():
            return None
        return file_answer(file, {"Content-Type": _shown_type(name), "Cache-Control": "no-store"})

    def _overview(self) -> dict[str, Any]:
        switches = self._state.switches
        return {
            "dialect": self._dialect.name,
            "apiVersion": self._dialect.api_version,
            "allowed": switches.allowed,
            "proxy": switches.proxy,
            "studies": [self._study(study) for study in list(self._state.studies.values())],
            "requests": self._log.shown(LAST_REQUESTS)[::-1],
        }

    def _study(self, study: Study) -> dict[str, Any]:
        folder = self._state.folder(study)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = []
        for path in paths[:MOST_FILES]:
            # What somebody removes meanwhile is simply not there.
            with suppress(FileNotFoundError):
                files.append(self._file(study, folder, path))
        return {
            "id": study.id,
            "uuid": study.uuid,
            "title": study.title,
            "locked": study.locked,
            "folder": str(folder),
            "count": len(paths),
            "files": files,
        }

    def _file(self, study: Study, folder: Path, path: Path) -> dict[str, Any]:
        name = path.relative_to(folder).as_posix()
        found = path.stat()
        return {
            "name": name,
            "link": f"{ASSETS}{quote(study.dir_name)}/{quote(name, errors='surrogateescape')}",
            "size": found.st_size,
            "changed_ms": int(found.st_mtime * 1000),
        }


def _shown_type(name: str) -> str:
    kind = media_type(name)
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
