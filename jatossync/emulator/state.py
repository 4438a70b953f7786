"""Studies, users' tokens and switches, kept in one file so that they survive a kill."""

import hashlib
import json
import os
import secrets
import string
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

STATE_FILE = ".emulator.json"
UPLOADS = ".emulator-uploads"
TOKEN_ALPHABET = string.ascii_letters + string.digits


def now_ms() -> int:
    """The time as JATOS writes it: milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_token() -> str:
    """`jap_`, 31 random characters and the first 6 hex digits of their MD5."""
    middle = "".join(secrets.choice(TOKEN_ALPHABET) for _ in range(31))
    check = hashlib.md5(middle.encode(), usedforsecurity=False).hexdigest()[:6]
    return f"jap_{middle}{check}"


@dataclass
class Component:
    """One page of a study."""

    id: int
    uuid: str
    title: str
    html_file_path: str


@dataclass
class Run:
    """One participant's run (JATOS: study result); times in ms."""

    id: int
    uuid: str
    code: str
    worker: str
    state: str
    started_ms: int
    seen_ms: int


@dataclass
class Study:
    """A study; `member` says whether the tokens' user is one of its members."""

    id: int
    uuid: str
    title: str
    dir_name: str
    batch_uuid: str
    created_ms: int
    locked: bool = False
    member: bool = True
    components: list[Component] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)


@dataclass
class Token:
    """An API token; `member` False makes it another user's.

    `expires_s` counts from `created_ms`; None = never.
    """

    id: int
    token: str
    created_ms: int
    expires_s: float | None = None
    active: bool = True
    member: bool = True
    role: str = "ADMIN"
    name: str = "rec"  # as in the recordings of the real server

    @property
    def expiration_ms(self) -> int:
        """When it ends; 0 = never."""
        return 0 if self.expires_s is None else self.created_ms + int(self.expires_s * 1000)

    @property
    def expired(self) -> bool:
        """Whether it has ended."""
        return self.expires_s is not None and self.expiration_ms <= now_ms()


@dataclass
class Switches:
    """What an administrator or a proxy decides for the whole server."""

    allowed: bool = True
    max_body_bytes: int = 2048 * 1024 * 1024
    proxy: str = "none"


class State:
    """All that is kept below the assets directory; every change is written at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = 0
        self.studies: dict[str, Study] = {}
        self.tokens: dict[str, Token] = {}
        self.switches = Switches()
        self._last_id = 0
        self._lock = threading.RLock()
        self._load()

    def folder(self, study: Study) -> Path:
        """Where a study's assets lie."""
        return self.root / study.dir_name

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the lock, then write the file."""
        with self._lock:
            yield
            self._save()

    def new_id(self) -> int:
        """The next number for tokens, components and runs; call it inside `change`."""
        self._last_id += 1
        return self._last_id

    def add_study(self, title: str, study_uuid: str | None = None) -> Study:
        """A new, empty study with its folder."""
        with self.change():
            name = study_uuid or str(uuid.uuid4())
            study = Study(self._free_study_id(), name, title, name, str(uuid.uuid4()), now_ms())
            self.folder(study).mkdir(exist_ok=True)
            self.studies[name] = study
        return study

    def add_token(self, **fields: Any) -> Token:
        """A new API token; fields as in `Token`."""
        with self.change():
            token = Token(self.new_id(), new_token(), now_ms(), **fields)
            self.tokens[token.token] = token
        return token

    def _free_study_id(self) -> int:
        return max((study.id for study in self.studies.values()), default=0) + 1

    def _load(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            kept = json.loads((self.root / STATE_FILE).read_bytes())
        except FileNotFoundError:
            return
        self.port = kept["port"]
        self._last_id = kept["last_id"]
        self.switches = Switches(**kept["switches"])
        self.tokens = {each["token"]: Token(**each) for each in kept["tokens"]}
        self.studies = {each["uuid"]: _study(each) for each in kept["studies"]}

    def _save(self) -> None:
        content = {
            "port": self.port,
            "last_id": self._last_id,
            "switches": asdict(self.switches),
            "tokens": [asdict(each) for each in self.tokens.values()],
            "studies": [asdict(each) for each in self.studies.values()],
        }
        fresh = self.root / f"{STATE_FILE}.new"
        fresh.write_text(json.dumps(content), encoding="utf-8")
        os.replace(fresh, self.root / STATE_FILE)


def _study(kept: dict[str, Any]) -> Study:
    components = [Component(**each) for each in kept.pop("components")]
    runs = [Run(**each) for each in kept.pop("runs")]
    return Study(**kept, components=components, runs=runs)
