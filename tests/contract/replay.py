"""Replays a recorded case against an emulator and says what differs.

Requests go over a bare socket, because the recordings hold targets that no client would send.
"""

import base64
import hashlib
import http.client
import json
import re
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.emulator.handle import Emulator

BOUNDARY = "----recorded-boundary"
BYTES = "application/octet-stream"
API = "/jatos/api/v1"
ADDRESS = re.compile(r"127\.0\.0\.1:\d+")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ANY_NUMBER = ("id", "userId")  # numbers given by the server in the order of creation
UNKNOWN_TOKEN = "jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Replay:
    """One recorded case with a fresh study of its own."""

    def __init__(self, emulator: Emulator, case: dict[str, Any]) -> None:
        self._emulator = emulator
        self._case = case
        made = emulator.add_study("rec")
        self._folder = Path(made["folder"])
        self._known = {"study": made["uuid"], "id": str(made["id"]), "dir": made["dirName"]}
        self._tokens: dict[str, str] = {}
        self._sent = b""

    def differences(self) -> Iterator[str]:
        """Every step's differences, then those of the files on disk."""
        for number, step in enumerate(self._case["steps"], start=1):
            if "admin" in step:
                self._administer(*step["admin"])
                continue
            answer = self._send(step["request"])
            line = f"step {number} {step['request']['method']} {step['request']['path'][:80]}"
            for difference in self._compare(step["answer"], answer):
                yield f"{line}: {difference}"
        expected = self._case.get("on_disk")
        if expected is not None and (found := self._on_disk()) != expected:
            yield f"on disk: expected {expected}, found {found}"

    # What was done.

    def _administer(self, what: str, *details: str) -> None:
        if what == "lock":
            self._emulator.change_study(self._known["study"], locked=True)
        elif what == "component":
            self._emulator.add_component(details[1], details[0], self._known["study"])
        elif what == "rmtree":
            shutil.rmtree(self._folder)
        elif what == "write":
            (self._folder / details[0]).write_text(details[1])
        else:
            raise AssertionError(f"unknown step: {what}")

    def _send(self, request: dict[str, Any]) -> Answer:
        path = re.sub(r"\{(.) x (\d+)\}", lambda found: found[1] * int(found[2]), request["path"])
        headers, body = self._body(request)
        headers = {"Host": urlsplit(self._emulator.url).netloc} | headers
        authorization = self._authorization(request.get("auth", "valid"))
        if authorization is not None:
            headers["Authorization"] = authorization
        lines = [f"{request['method']} {API}{self._filled(path)} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        return self._exchange(request["method"], head + body)

    def _exchange(self, method: str, message: bytes) -> Answer:
        address = urlsplit(self._emulator.url)
        with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
            connection.sendall(message)
            with http.client.HTTPResponse(connection, method=method) as response:
                response.begin()
                headers = {name.lower(): value for name, value in response.getheaders()}
                return Answer(response.status, headers, response.read())

    def _authorization(self, kind: str) -> str | None:
        fixed = {
            "none": None,
            "valid": f"Bearer {self._emulator.token}",
            "unknown": f"Bearer {UNKNOWN_TOKEN}",
            "bad-checksum": f"Bearer jap_{'A' * 31}000000",
            "short": "Bearer jap_abc",
            "no-prefix": f"Bearer {self._emulator.token.removeprefix('jap_')}",
            "empty-bearer": "Bearer ",
            "lowercase-bearer": f"bearer {self._emulator.token}",
            "basic": "Basic YWRtaW46YWRtaW4=",
            "non-ascii": "Bearer jap_ä",
        }
        return fixed[kind] if kind in fixed else f"Bearer {self._made_token(kind)}"

    def _made_token(self, kind: str) -> str:
        made: dict[str, dict[str, Any]] = {
            "expired": {"expires_s": -1},
            "deactivated": {"active": False},
            "other-user": {"member": False},
        }
        if kind not in self._tokens:
            self._tokens[kind] = self._emulator.add_token(**made[kind])
        return self._tokens[kind]

    def _body(self, request: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        headers: dict[str, str] = dict(request.get("headers", {}))
        if "file" in request:
            self._sent = _content(request["file"])
            filename = request.get("filename", "blob")
            body = _multipart([_part("studyAssetsFile", filename, self._sent)])
        elif "parts" in request:
            body = _multipart([_recorded_part(part) for part in request["parts"]])
        else:
            body = _content(request.get("raw", ""))
        if "raw" not in request and body:
            headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
        if request.get("chunked"):
            headers["Transfer-Encoding"] = "chunked"
            return headers, b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        if body:
            headers["Content-Length"] = str(len(body))
        return headers, body

    # What came back.

    def _compare(self, expected: dict[str, Any], found: Answer) -> Iterator[str]:
        if found.status != expected["status"]:
            yield f"status {expected['status']} expected, {found.status} found"
        for name, value in expected.get("headers", {}).items():
            if found.headers.get(name) != self._filled(value):
                yield f"{name} {value!r} expected, {found.headers.get(name)!r} found"
        if "content-type" not in expected.get("headers", {}) and "content-type" in found.headers:
            yield f"no content-type expected, {found.headers['content-type']!r} found"
        body = expected.get("body", {})
        if "json" in body:
            yield from self._compare_json(body["json"], _as_json(found.body), "$")
        elif "text" in body:
            if not self._same_text(body["text"], found.body.decode("utf-8", "replace")):
                yield f"text {body['text']!r} expected, {found.body[:300]!r} found"
        elif "same_bytes_as_sent" in body:
            if found.body != self._sent:
                yield "other bytes than were sent"
        elif "binary" not in body and found.body:
            yield f"no body expected, {found.body[:300]!r} found"

    def _compare_json(self, expected: Any, found: Any, where: str) -> Iterator[str]:
        if isinstance(expected, dict) and isinstance(found, dict):
            if expected.keys() != found.keys():
                yield f"{where}: keys {sorted(expected)} expected, {sorted(found)} found"
            for key in expected.keys() & found.keys():
                if not _differs_by_nature(key, expected, found):
                    yield from self._compare_json(expected[key], found[key], f"{where}.{key}")
        elif isinstance(expected, list) and isinstance(found, list):
            yield from self._compare_lists(expected, found, where)
        elif not self._same_value(expected, found):
            yield f"{where}: {expected!r} expected, {found!r} found"

    def _compare_lists(self, expected: list[Any], found: list[Any], where: str) -> Iterator[str]:
        if expected and isinstance(expected[-1], str) and expected[-1].startswith("…"):
            # The recording shows the first of many studies: here only this case's is its like.
            expected = [expected[0] | {"dirName": "{dir}"}]
            found = [each for each in found if each["uuid"] == self._known["study"]]
        if all(isinstance(each, dict) and "path" in each for each in expected + found):
            expected = sorted(expected, key=lambda node: str(self._filled(node["path"])))
            found = sorted(found, key=lambda node: str(node["path"]))
        if len(expected) != len(found):
            yield f"{where}: {len(expected)} entries expected, {len(found)} found: {found}"
        for number, (each, other) in enumerate(zip(expected, found, strict=False)):
            yield from self._compare_json(each, other, f"{where}[{number}]")

    def _same_value(self, expected: Any, found: Any) -> bool:
        if expected == "…":
            return True
        if expected == "{ms}":
            return isinstance(found, int)
        if expected == "{id}":
            return bool(found == int(self._known["id"]))
        if expected == "{other}":
            return isinstance(found, str)
        if isinstance(expected, str):
            if UUID.fullmatch(expected):
                return isinstance(found, str) and bool(UUID.fullmatch(found))
            return bool(self._filled(expected) == found)
        return bool(type(expected) is type(found) and expected == found)

    def _same_text(self, expected: str, found: str) -> bool:
        pattern = re.escape(ADDRESS.sub("{address}", self._filled(expected)))
        pattern = pattern.replace(r"\{ms\}", r"\d+").replace(r"\{address\}", ADDRESS.pattern)
        return re.fullmatch(pattern, found) is not None

    def _filled(self, text: str) -> str:
        for name, value in self._known.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def _on_disk(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for path in sorted(self._folder.rglob("*")):
            entry: dict[str, Any] = {"path": path.relative_to(self._folder).as_posix()}
            if path.is_dir():
                entry["dir"] = True
            else:
                content = path.read_bytes()
                entry |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()[:16]}
            found.append(entry)
        return sorted(found, key=lambda entry: str(entry["path"]))


def _as_json(body: bytes) -> Any:
    """The body as JSON; its text where it is none, so that a comparison can show it."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def _differs_by_nature(key: str, expected: dict[str, Any], found: dict[str, Any]) -> bool:
    if key in ANY_NUMBER and isinstance(expected[key], int):
        return isinstance(found[key], int)
    return key == "size" and expected.get("type") == found.get("type") == "directory"


def _content(recorded: Any) -> bytes:
    if isinstance(recorded, str):
        return recorded.encode()
    if "base64" in recorded:
        return base64.b64decode(recorded["base64"])
    if "bytes256" in recorded:
        return bytes(range(256)) * int(recorded["bytes256"])
    return str(recorded["repeat"]).encode() * int(recorded["count"])


def _multipart(parts: list[bytes]) -> bytes:
    lines = b"".join(f"--{BOUNDARY}\r\n".encode() + part + b"\r\n" for part in parts)
    return lines + f"--{BOUNDARY}--\r\n".encode()


def _part(
    name: str, filename: str | None, content: bytes, content_type: str | None = BYTES
) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        head += f'; filename="{filename}"'
        if content_type:
            head += f"\r\nContent-Type: {content_type}"
    return f"{head}\r\n\r\n".encode() + content


def _recorded_part(part: dict[str, Any]) -> bytes:
    kind = part.get("content_type", BYTES)
    return _part(part["name"], part.get("filename"), _content(part["content"]), kind)
