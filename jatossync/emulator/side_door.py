"""What the tests and the page do to the server: `/emulator/…`."""

import json
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from jatossync.emulator import runs
from jatossync.emulator.answers import Answer
from jatossync.emulator.faults import Faults
from jatossync.emulator.paths import PROXIES
from jatossync.emulator.requests import Log
from jatossync.emulator.state import Component, Run, State, Study, now_ms
from jatossync.emulator.wire import Head

MAX_BODY_BYTES = 1024 * 1024
PREFIX = "/emulator/"

_NUMBER = (int, float)
_TYPES: dict[str, type | tuple[type, ...]] = {
    "title": str,
    "uuid": str,
    "locked": bool,
    "member": bool,
    "id": int,
    "htmlFilePath": str,
    "expires_s": (*_NUMBER, type(None)),
    "active": bool,
    "role": str,
    "name": str,
    "allowed": bool,
    "max_body_bytes": int,
    "proxy": str,
    "state": str,
    "started_s_ago": _NUMBER,
    "seen_s_ago": _NUMBER,
    "worker": str,
}


class OrderError(Exception):
    """An order that the side door does not understand."""


class SideDoor:
    """Changes studies, tokens, switches and faults from outside the API."""

    def __init__(self, state: State, faults: Faults, log: Log) -> None:
        self._state = state
        self._faults = faults
        self._log = log
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("POST", "studies", self._add_study),
            ("PATCH", "studies/([^/]+)", self._change_study),
            ("DELETE", "studies/([^/]+)", self._delete_study),
            ("POST", "studies/([^/]+)/components", self._add_component),
            ("POST", "studies/([^/]+)/runs", self._add_run),
            ("POST", "tokens", self._add_token),
            ("PATCH", "tokens/([^/]+)", self._change_token),
            ("PATCH", "api", self._change_api),
            ("PUT", "faults", self._set_faults),
            ("GET", "requests", self._requests),
            ("DELETE", "requests", self._clear_requests),
        ]
        self._routes = [(method, re.compile(path), act) for method, path, act in routes]

    def answer(self, head: Head, path: str, body: Iterator[bytes]) -> Answer:
        """Do what was asked; 400 and 404 say what was wrong with it."""
        try:
            content = _read(body)
            for method, pattern, act in self._routes:
                if method == head.method and (found := pattern.fullmatch(path)):
                    order = json.loads(content) if content else {}
                    return _json(200, act(order, *found.groups()))
        except (OrderError, ValueError, KeyError, TypeError, AttributeError) as error:
            return _json(400, {"error": f"{type(error).__name__}: {error}"})
        return _json(404, {"error": f"nothing at {head.method} {PREFIX}{path}"})

    def _study(self, given: str) -> Study:
        try:
            return self._state.studies[given]
        except KeyError:
            raise OrderError(f"no study {given}") from None

    def _add_study(self, order: dict[str, Any]) -> dict[str, Any]:
        _only(order, "title", "uuid")
        wanted = order.get("uuid")
        if wanted in self._state.studies:
            raise OrderError("there is such a study already")
        study = self._state.add_study(order["title"], wanted and str(uuid.UUID(wanted)))
        folder = str(self._state.folder(study))
        return {
            "id": study.id,
            "uuid": study.uuid,
            "dirName": study.dir_name,
            "folder": folder,
        }

    def _change_study(self, order: dict[str, Any], given: str) -> dict[str, Any]:
        _only(order, "locked", "member", "id")
        study = self._study(given)
        with self._state.change():
            for name, value in order.items():
                setattr(study, name, value)
        return {}

    def _delete_study(self, _: dict[str, Any], given: str) -> dict[str, Any]:
        study = self._study(given)
        with self._state.change():
            del self._state.studies[study.uuid]
            shutil.rmtree(self._state.folder(study), ignore_errors=True)
        return {}

    def _add_component(self, order: dict[str, Any], given: str) -> dict[str, Any]:
        _only(order, "title", "htmlFilePath")
        study = self._study(given)
        with self._state.change():
            component = Component(
                self._state.new_id(), str(uuid.uuid4()), order["title"], order["htmlFilePath"]
            )
            study.components.append(component)
        return {"id": component.id, "uuid": component.uuid}

    def _add_run(self, order: dict[str, Any], given: str) -> dict[str, Any]:
        _only(order, "state", "started_s_ago", "seen_s_ago", "worker")
        study = self._study(given)
        if order["state"] not in runs.STATES:
            raise OrderError(f"state is one of {', '.join(runs.STATES)}")
        with self._state.change():
            run = Run(
                self._state.new_id(),
                str(uuid.uuid4()),
                runs.new_code(),
                order.get("worker", "General Single"),
                order["state"],
                _ms_ago(order.get("started_s_ago", 0)),
                _ms_ago(order.get("seen_s_ago", 0)),
            )
            study.runs.append(run)
        return {"id": run.id, "studyCode": run.code}

    def _add_token(self, order: dict[str, Any]) -> dict[str, Any]:
        _only(order, "expires_s", "active", "member", "role", "name")
        return {"token": self._state.add_token(**order).token}

    def _change_token(self, order: dict[str, Any], given: str) -> dict[str, Any]:
        _only(order, "active", "role")
        if given not in self._state.tokens:
            raise OrderError("no such token")
        with self._state.change():
            for name, value in order.items():
                setattr(self._state.tokens[given], name, value)
        return {}

    def _change_api(self, order: dict[str, Any]) -> dict[str, Any]:
        _only(order, "allowed", "max_body_bytes", "proxy")
        if order.get("proxy", "none") not in PROXIES:
            raise OrderError(f"proxy is one of {', '.join(PROXIES)}")
        with self._state.change():
            for name, value in order.items():
                setattr(self._state.switches, name, value)
        return {}

    def _set_faults(self, order: list[dict[str, Any]]) -> dict[str, Any]:
        self._faults.replace(order)
        return {}

    def _requests(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        return self._log.shown()

    def _clear_requests(self, _: dict[str, Any]) -> dict[str, Any]:
        self._log.clear()
        return {}


def _ms_ago(seconds: float) -> int:
    return now_ms() - int(seconds * 1000)


def _only(order: dict[str, Any], *known: str) -> None:
    """Raise OrderError for keys that nobody knows and for values of a wrong type."""
    for key, value in order.items():
        if key not in known:
            raise OrderError(f"unknown key {key!r}; there are {', '.join(known)}")
        if not isinstance(value, _TYPES[key]):
            raise OrderError(f"{key} has a value of the wrong type: {value!r}")


def _read(body: Iterator[bytes]) -> bytes:
    content = bytearray()
    for piece in body:
        content += piece
        if len(content) > MAX_BODY_BYTES:
            raise OrderError("the order is too long")
    return bytes(content)


def _json(status: int, content: object) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(content).encode())
