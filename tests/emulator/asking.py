"""Requests that many tests make."""

import socket
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from tests.emulator.handle import Emulator

BOUNDARY = "part"
HEAD_OF_PART = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="studyAssetsFile"; filename="x"\r\n\r\n'
).encode()
END_OF_PART = f"\r\n--{BOUNDARY}--\r\n".encode()


def asset(emulator: Emulator, path: str) -> str:
    """The address of an asset below the API."""
    return f"/studies/{emulator.study}/assets/{quote(path)}"


def upload(
    api: httpx.Client, emulator: Emulator, path: str, content: bytes = b"content"
) -> httpx.Response:
    """Upload one file."""
    return api.post(asset(emulator, path), files={"studyAssetsFile": ("x", content)})


def listing(api: httpx.Client, emulator: Emulator) -> dict[str, Any]:
    """The files that the server says it has: path to node."""
    answer = api.get(asset(emulator, "structure"), params={"flatten": "true"})
    nodes = answer.raise_for_status().json()["data"]
    return {node["path"]: node for node in nodes if node["type"] == "file"}


def connect(emulator: Emulator) -> socket.socket:
    """A bare connection."""
    address = urlsplit(emulator.url)
    return socket.create_connection((address.hostname, address.port), timeout=30)


def upload_head(emulator: Emulator, path: str, length: int) -> bytes:
    """Request line and headers of an upload whose body has `length` bytes."""
    return (
        f"POST /jatos/api/v1{asset(emulator, path)} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {emulator.token}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def read_all(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    received = bytearray()
    while piece := connection.recv(65536):
        received += piece
    return bytes(received)
