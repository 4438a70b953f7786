"""
What a state belongs to: one study on one server, mirrored from one folder.

With another study, server or folder its manifest would lead to wrong deletes, so that stops
everything. The same study under another number, directory name or spelling of the address goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

SERVER, STUDY, FOLDER = "server", "study", "folder"
NUMBER, DIR_NAME = "number", "dirName"

_NOTES = {
    NUMBER: "the study has another number in JATOS now (it was imported anew)",
    DIR_NAME: "the study has another assets directory in JATOS now",
    SERVER: "the server's address is written otherwise now",
}

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_USUAL_PORTS = (None, 80, 443)


def another(known: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """Which of server, study and folder, where known, is another one than before."""
    for key in (SERVER, STUDY, FOLDER):
        if key not in known or known[key] == now.get(key, known[key]):
            continue
        if key != SERVER or not _same_server(known[key], now[key]):
            return key
    return None


def notes(known: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What changed and does not matter, for people."""
    return [
        f"{words}: {known[key]} before, {now[key]} now"
        for key, words in _NOTES.items()
        if key in known and known[key] != now[key]
    ]


def _same_server(one: str, other: str) -> bool:
    """Whether two base URLs surely lead to the same JATOS: spelling, and http or https, aside."""
    return _place(one) == _place(other)


def _place(url: str) -> tuple[str, int | None, str]:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = None if parts.port in _USUAL_PORTS else parts.port
    return "localhost" if host in _LOOPBACK else host, port, parts.path.rstrip("/")
