"""The JATOS API: from a request to its answer."""

import re
import shutil
from collections.abc import Callable
from typing import Any

from jatossync.emulator import runs, shapes
from jatossync.emulator.access import Access
from jatossync.emulator.answers import Answer, file_answer
from jatossync.emulator.calls import Call
from jatossync.emulator.dialects import Dialect, Refusal, RefusedError
from jatossync.emulator.export import study_archive
from jatossync.emulator.files import Assets
from jatossync.emulator.paths import API, Names, decoded_path
from jatossync.emulator.state import State, Study
from jatossync.emulator.uploads import Uploads

Action = Callable[..., Answer]


class Api:
    """Everything below /jatos/api/v1, for one dialect."""

    def __init__(self, state: State, dialect: Dialect, names: Names) -> None:
        self._state = state
        self._dialect = dialect
        self._names = names
        self._access = Access(state, dialect)
        self._uploads = Uploads(state, self._access, dialect, names)
        self._routes = [(method, re.compile(path), act) for method, path, act in self._table()]

    def answer(self, call: Call) -> Answer:
        """The answer to a call; refusals become answers of the dialect."""
        try:
            act, arguments = self._route(call)
            if call.head.method != "POST":  # whoever takes an upload reads its body
                call.drain()
            return act(call, *arguments)
        except RefusedError as refused:
            refused.details["target"] = call.target
            return self._dialect.refuse(refused)

    def assets(self, study: Study) -> Assets:
        """The study's assets as this server sees them."""
        return Assets(self._state.folder(study), self._dialect, self._names)

    def _table(self) -> list[tuple[str, str, Action]]:
        study = "/studies/([^/]+)"
        root = re.escape(self._dialect.assets_root_route)
        listing = [("GET", f"{study}/assets/structure", self._listing)]
        return [
            *(listing if self._dialect.has_listing else []),
            ("GET", "/admin/token", self._admin_token),
            ("GET", "/admin/status", self._admin_status),
            ("GET", "/studies/properties", self._all_properties),
            ("GET", f"{study}/properties", self._properties),
            ("GET", study, self._export),
            ("DELETE", study, self._delete_study),
            ("GET", f"{study}/log", self._log),
            ("GET", f"{study}/studyCodes", self._study_codes),
            ("GET", "/results/metadata", self._results),
            ("POST", f"{study}/assets/(.+)", self._uploads.answer),
            ("POST", f"{study}/{root}()", self._uploads.answer),
            ("GET", f"{study}/assets/(.+)", self._download),
            ("DELETE", f"{study}/assets/(.+)", self._delete),
        ]

    def _route(self, call: Call) -> tuple[Action, tuple[str, ...]]:
        method = "GET" if call.head.method == "HEAD" else call.head.method
        path = call.page.removeprefix(API)
        for wanted, pattern, act in self._routes:
            if wanted == method and (found := pattern.fullmatch(path)):
                return act, found.groups()
        raise RefusedError(Refusal.NO_ROUTE, method=call.head.method, page=call.page)

    # The server and its studies.

    def _admin_token(self, call: Call) -> Answer:
        return self._dialect.data(shapes.token(self._access.token(call.head), self._dialect))

    def _admin_status(self, call: Call) -> Answer:
        self._access.token(call.head)
        return self._dialect.data(shapes.status(self._state))

    def _all_properties(self, call: Call) -> Answer:
        return self._dialect.data([self._shape(each) for each in self._visible(call)])

    def _properties(self, call: Call, study: str) -> Answer:
        found = self._access.study(self._access.token(call.head), study)
        return self._dialect.data(self._shape(found))

    def _export(self, call: Call, study: str) -> Answer:
        found = self._access.study(self._access.user(call.head), study)
        return study_archive(found, self._shape(found), self._state.folder(found))

    def _delete_study(self, call: Call, study: str) -> Answer:
        found = self._access.unlocked(self._access.user(call.head), study)
        with self._state.change():
            self._state.studies.pop(found.uuid, None)
            shutil.rmtree(self._state.folder(found), ignore_errors=True)
        return self._dialect.done(200, "Study deleted successfully")

    def _visible(self, call: Call) -> list[Study]:
        token = self._access.token(call.head)
        studies = list(self._state.studies.values())
        return [each for each in studies if token.member and each.member]

    def _shape(self, study: Study) -> dict[str, Any]:
        return shapes.study(study, self._dialect)

    # Runs.

    def _log(self, call: Call, study: str) -> Answer:
        found = self._access.study(self._access.token(call.head), study)
        if call.query.get("download", "true") == "true":
            return runs.log_file(found)
        return runs.log_entries(found, call.query.get("entryLimit", "-1"), self._dialect)

    def _results(self, call: Call) -> Answer:
        wanted = call.query.get("studyId")
        studies = [each for each in self._visible(call) if str(each.id) == wanted]
        return runs.metadata(studies, self._dialect)

    def _study_codes(self, call: Call, study: str) -> Answer:
        found = self._access.study(self._access.user(call.head), study)
        with self._state.change():
            codes = runs.study_codes(found, call.query)
        return self._dialect.data(codes)

    # Assets; uploads have a module of their own.

    def _listing(self, call: Call, study: str) -> Answer:
        found = self._access.study(self._access.user(call.head), study)
        flatten = call.query.get("flatten") in ("true", "1")
        return self._dialect.data(self.assets(found).listing(flatten=flatten))

    def _download(self, call: Call, study: str, raw: str) -> Answer:
        found = self._access.study(self._access.user(call.head), study)
        path = decoded_path(raw)
        file = self.assets(found).existing(path, Refusal.DOWNLOAD_PATH)
        try:
            return file_answer(file, shapes.download_headers(file.name, self._dialect))
        except FileNotFoundError:
            raise RefusedError(Refusal.NO_FILE, path=path) from None

    def _delete(self, call: Call, study: str, raw: str) -> Answer:
        found = self._access.unlocked(self._access.user(call.head), study)
        self.assets(found).delete(decoded_path(raw))
        return self._dialect.done(200, "File deleted successfully")
