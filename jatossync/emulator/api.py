"""The JATOS API: from a request to its answer."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from jatossync.emulator import shapes
from jatossync.emulator.answers import Answer, file_answer
from jatossync.emulator.dialects import Dialect, Refusal, Refused
from jatossync.emulator.files import Assets
from jatossync.emulator.multipart import Upload, boundary_of
from jatossync.emulator.paths import API, JAVA_BLANKS, Names, url_decode
from jatossync.emulator.state import UPLOADS, State, Study, Token
from jatossync.emulator.wire import Head, content_length

TOKEN_LENGTH = len("jap_") + 31 + 6
LONG_MAX = 2**63 - 1


@dataclass
class Call:
    """One request on its way through the API."""

    head: Head
    target: str  # behind the proxy
    body: Iterator[bytes]

    @property
    def page(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        found = parse_qs(self.target.partition("?")[2], keep_blank_values=True)
        return {name: values[-1] for name, values in found.items()}

    def asks(self, name: str) -> bool:
        return self.query.get(name) == "true"


class InFlight:
    """Paths that are being uploaded right now."""

    def __init__(self) -> None:
        self._paths: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def claim(self, path: tuple[str, str]) -> Iterator[bool]:
        """Whether nobody else is uploading this path; others find it taken meanwhile."""
        with self._lock:
            alone = path not in self._paths
            self._paths.add(path)
        try:
            yield alone
        finally:
            if alone:
                with self._lock:
                    self._paths.discard(path)


class Api:
    """Everything below /jatos/api/v1, for one dialect."""

    def __init__(self, state: State, dialect: Dialect, names: Names) -> None:
        self._state = state
        self._dialect = dialect
        self._names = names
        self._uploads = InFlight()
        self._routes = self._make_routes()
        (state.root / UPLOADS).mkdir(exist_ok=True)

    def answer(self, call: Call) -> Answer:
        """The answer to a call; refusals become answers of the dialect."""
        try:
            return self._answer(call)
        except Refused as refused:
            refused.details.setdefault("target", call.target)
            return self._dialect.refuse(refused)

    def assets(self, study: Study) -> Assets:
        """The study's assets as this server sees them."""
        return Assets(self._state.folder(study), self._dialect, self._names)

    def _make_routes(self) -> list[tuple[str, re.Pattern[str], Callable[..., Answer]]]:
        study = "/studies/([^/]+)"
        root = re.escape(self._dialect.assets_root_route)
        routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", "/admin/token", self._admin_token),
            ("GET", "/admin/status", self._admin_status),
            ("GET", "/studies/properties", self._all_properties),
            ("GET", f"{study}/properties", self._properties),
            ("POST", f"{study}/assets/(.+)", self._upload),
            ("POST", f"{study}/{root}()", self._upload),
            ("GET", f"{study}/assets/(.+)", self._download),
            ("DELETE", f"{study}/assets/(.+)", self._delete),
        ]
        if self._dialect.has_listing:
            routes.insert(0, ("GET", f"{study}/assets/structure", self._listing))
        return [(method, re.compile(pattern), act) for method, pattern, act in routes]

    def _answer(self, call: Call) -> Answer:
        act, arguments = self._route(call)
        if act == self._upload:
            return self._upload(call, *arguments)
        for _ in self._limited(call):
            pass
        return act(call, *arguments)

    def _route(self, call: Call) -> tuple[Callable[..., Answer], tuple[str, ...]]:
        method = "GET" if call.head.method == "HEAD" else call.head.method
        path = call.page.removeprefix(API)
        for wanted, pattern, act in self._routes:
            if wanted == method and (found := pattern.fullmatch(path)):
                return act, found.groups()
        raise Refused(Refusal.NO_ROUTE, method=call.head.method, page=call.page)

    def _limited(self, call: Call) -> Iterator[bytes]:
        """The body; refused as soon as it is known to be over the server's limit."""
        limit = self._state.switches.max_body_bytes
        received = 0
        if (content_length(call.head) or 0) > limit:
            raise Refused(Refusal.TOO_LARGE)
        for piece in call.body:
            received += len(piece)
            if received > limit:
                raise Refused(Refusal.TOO_LARGE)
            yield piece

    # Who may do what.

    def _token(self, call: Call) -> Token:
        if not self._state.switches.allowed:
            raise Refused(Refusal.API_OFF)
        scheme, _, given = call.head.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            raise Refused(Refusal.NOT_SIGNED_IN)
        if len(given) < TOKEN_LENGTH:
            raise Refused(Refusal.INTERNAL)
        token = self._state.tokens.get(given)
        if token is None or not token.active or token.expired:
            raise Refused(Refusal.BAD_TOKEN)
        return token

    def _study(self, token: Token, raw: str) -> Study:
        given = url_decode(raw)
        is_number = given.isascii() and given.isdigit() and int(given) <= LONG_MAX
        studies = list(self._state.studies.values())
        if is_number:
            found = next((each for each in studies if each.id == int(given)), None)
        else:
            found = next((each for each in studies if each.uuid == given), None)
        if found is None:
            kind = Refusal.NO_STUDY_ID if is_number else Refusal.NO_STUDY_UUID
            raise Refused(kind, given=given)
        if not (token.member and found.member):
            raise Refused(Refusal.NO_ACCESS, id=found.id)
        return found

    def _assets_study(self, call: Call, raw: str) -> Study:
        token = self._token(call)
        if token.role == "VIEWER":
            raise Refused(Refusal.BAD_TOKEN)
        return self._study(token, raw)

    def _unlocked_study(self, call: Call, raw: str) -> Study:
        study = self._assets_study(call, raw)
        if study.locked and self._dialect.enforces_locks:
            raise Refused(Refusal.LOCKED, id=study.id)
        return study

    def _asset_path(self, raw: str) -> str:
        path = url_decode(raw)
        if "\0" in path and self._dialect.nul_is_internal_error:
            raise Refused(Refusal.INTERNAL)
        return path.removeprefix("/")

    # The calls.

    def _admin_token(self, call: Call) -> Answer:
        return self._dialect.data(shapes.token(self._token(call), self._dialect))

    def _admin_status(self, call: Call) -> Answer:
        self._token(call)
        return self._dialect.data(shapes.status(self._state))

    def _all_properties(self, call: Call) -> Answer:
        token = self._token(call)
        studies = self._state.studies.values() if token.member else ()
        return self._dialect.data([self._shape(each) for each in studies if each.member])

    def _properties(self, call: Call, study: str) -> Answer:
        return self._dialect.data(self._shape(self._study(self._token(call), study)))

    def _shape(self, study: Study) -> dict[str, Any]:
        return shapes.study(study, self._dialect)

    def _listing(self, call: Call, study: str) -> Answer:
        assets = self.assets(self._assets_study(call, study))
        return self._dialect.data(assets.listing(flatten=call.asks("flatten")))

    def _download(self, call: Call, study: str, raw: str) -> Answer:
        found = self._assets_study(call, study)
        path = self._asset_path(raw)
        file = self.assets(found).existing(path, Refusal.DOWNLOAD_PATH)
        return file_answer(file, shapes.download_headers(path, self._dialect))

    def _delete(self, call: Call, study: str, raw: str) -> Answer:
        found = self._unlocked_study(call, study)
        self.assets(found).delete(self._asset_path(raw))
        return self._dialect.done(200, "File deleted successfully")

    def _upload(self, call: Call, study: str, raw: str) -> Answer:
        claimed = (study, self._names.same(url_decode(raw)))
        upload = Upload(self._state.root / UPLOADS)
        try:
            with self._uploads.claim(claimed) as alone:
                self._receive(call, upload)
                return self._store(call, study, raw, upload, alone)
        finally:
            upload.discard()

    def _receive(self, call: Call, upload: Upload) -> None:
        """JATOS reads the whole body before it looks at the token."""
        boundary = boundary_of(call.head.headers.get("content-type", ""))
        body = self._limited(call)
        if boundary is not None:
            upload.receive(boundary, body)
        for _ in body:
            pass

    def _store(self, call: Call, study: str, raw: str, upload: Upload, alone: bool) -> Answer:
        found = self._unlocked_study(call, study)
        if upload.missing:
            raise Refused(Refusal.FILE_MISSING)
        path = self._asset_path(raw)
        if not path or path.endswith("/"):
            path += upload.filename
        if self._dialect.trims_upload_paths:
            path = path.strip(JAVA_BLANKS)
        if not alone:
            raise Refused(Refusal.UPLOAD_FAILED)
        if self.assets(found).store(upload.path, path):
            return self._dialect.done(201, "File uploaded successfully")
        return self._dialect.done(200, "File overwritten successfully")
