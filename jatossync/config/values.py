"""
What the text of one option means.

Every function takes what the file says (text, list or mapping) and gives the value, or raises a
`ValueError` whose text says what is wrong and what would be right.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from jatossync.log import redact


@dataclass(frozen=True)
class Reader:
    """Reads one option, and knows how it is written."""

    parse: Callable[[object], object]
    schema: Mapping[str, object]
    """What may be written, as JSON schema."""
    show: Callable[[Any], object] = str
    """The value as it would be written."""

    def __call__(self, value: object) -> object:
        """The option's value, or a ValueError."""
        return self.parse(value)


def text(value: object) -> str:
    """One value, not a list or mapping, and not empty."""
    if isinstance(value, dict):
        raise ValueError("has options below it, but takes one value")
    if isinstance(value, list):
        raise ValueError("is a list, but takes one value")
    if not str(value).strip():
        raise ValueError("is empty; give it a value, or remove the line")
    return str(value)


def shown(written: str) -> str:
    """For a message: short, no token, and without characters that could forge its lines."""
    written = redact(written)  # before it is cut: half a token is no token to redact
    written = written if len(written) <= 60 else written[:57] + "…"
    return written if written.isprintable() else repr(written)


def quoted(value: object) -> str:
    """A value as a message shows it."""
    written = shown(text(value))
    return written if written.startswith(("'", '"')) else f"'{written}'"


def one_of(*words: str) -> Reader:
    """One of these words, however it is capitalised."""

    def parse(value: object) -> str:
        word = text(value).lower()
        if word not in words:
            raise ValueError(f"{quoted(value)} is not known; write {_or(words)}")
        return word

    return Reader(parse, {"enum": list(words)})


def switch(value: object) -> bool:
    """Yes or no, in all of YAML's words for it."""
    word = text(value).lower()
    if word not in ("true", "yes", "on", "false", "no", "off"):
        raise ValueError(f"{quoted(value)} is neither yes nor no; write true or false")
    return word in ("true", "yes", "on")


def whole(at_least: int, at_most: int) -> Reader:
    """A whole number between two bounds."""

    def parse(value: object) -> int:
        digits = text(value)
        if not re.fullmatch(r"-?[0-9]{1,9}", digits):
            raise ValueError(
                f"{quoted(digits)} is no whole number; write one, {at_least} to {at_most}"
            )
        if not at_least <= int(digits) <= at_most:
            raise ValueError(f"{digits} is out of range; write a number, {at_least} to {at_most}")
        return int(digits)

    return Reader(parse, {"type": "integer", "minimum": at_least, "maximum": at_most}, int)


def share() -> Reader:
    """A part of a whole: a number from 0 to 1."""

    def parse(value: object) -> float:
        written = text(value)
        if not re.fullmatch(r"[0-9]{0,9}\.?[0-9]{1,9}", written):
            raise ValueError(f"{quoted(written)} is no share; write a number from 0 to 1, like 0.3")
        if float(written) > 1:
            raise ValueError(f"{written} is more than all; write a number from 0 to 1, like 0.3")
        return float(written)

    return Reader(parse, {"type": "number", "minimum": 0, "maximum": 1}, float)


def patterns(value: object) -> object:
    """A list of texts; an option without any value is an empty one."""
    if value == "":
        return []
    if not isinstance(value, (list, tuple)):
        raise ValueError('takes a list of patterns; write for example ["raw/", "*.psd"]')
    return value


def section(value: object) -> object:
    """Options below an option; without any (all commented out) all have their defaults."""
    if value == "":
        return {}
    if not isinstance(value, dict):
        raise ValueError("takes options of its own, on indented lines below it")
    return value


# --- durations -----------------------------------------------------------------------------------

_DURATION = r"([0-9]{1,9}(?:\.[0-9]{1,9})?) *(ms|s|m|h|d)"
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration(at_least: str, at_most: str) -> Reader:
    """Seconds from `500ms`, `2s`, `1.5m`, `1h` or `1d`. A float is the default, in seconds."""

    def parse(value: object) -> float:
        if isinstance(value, float):
            return value
        written = text(value)
        seconds = _seconds(written)
        if seconds < _seconds(at_least):
            raise ValueError(f"{written} is too short; write at least {at_least}")
        if seconds > _seconds(at_most):
            raise ValueError(f"{written} is too long; write at most {at_most}")
        return seconds

    schema: dict[str, object] = {"type": "string", "pattern": f"^{_DURATION}$"}
    if at_least == "0":
        schema = {"anyOf": [{"const": 0}, schema]}
    return Reader(parse, schema, show_duration)


def _seconds(written: str) -> float:
    if written == "0":
        return 0.0
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", written):
        raise ValueError(f"{written} has no unit; write for example {written}s or {written}m")
    match = re.fullmatch(_DURATION, written)
    if not match:
        raise ValueError(f"{quoted(written)} is no duration; write for example 2s, 500ms or 1m")
    # Rounded, so that 300ms and 0.3s are the same number.
    return round(float(match[1]) * _UNIT_S[match[2]], 6)


def show_duration(seconds: float) -> str:
    """As it would be written: `0.3s`, `5m`."""
    unit = next((unit for unit in "dhm" if seconds and seconds % _UNIT_S[unit] == 0), "s")
    return f"{seconds / _UNIT_S[unit]:g}{unit}"


# --- sizes ---------------------------------------------------------------------------------------

_SIZE = r"([0-9]{1,9}(?:\.[0-9]{1,9})?) *([kKmMgGtT]?[bB])"
_UNIT_BYTES = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def size(at_least: str, at_most: str) -> Reader:
    """Bytes from `500MB` or `1.5 GB`."""

    def parse(value: object) -> int:
        written = text(value)
        if not _bytes(at_least) <= _bytes(written) <= _bytes(at_most):
            raise ValueError(f"{written} is out of range; write {at_least} to {at_most}")
        return _bytes(written)

    return Reader(parse, {"type": "string", "pattern": f"^{_SIZE}$"}, show_size)


def _bytes(written: str) -> int:
    match = re.fullmatch(_SIZE, written)
    if not match or match[2].upper() == "B":
        raise ValueError(f"{quoted(written)} is no size; write for example 500MB or 2GB")
    unit = {known.upper(): count for known, count in _UNIT_BYTES.items()}[match[2].upper()]
    return round(float(match[1]) * unit)


def show_size(count: int) -> str:
    """As it would be written: `500MB`."""
    unit = next(unit for unit in ("TB", "GB", "MB", "kB") if count >= _UNIT_BYTES[unit])
    return f"{count / _UNIT_BYTES[unit]:.6g}{unit}"


# --- server and study ----------------------------------------------------------------------------


def server(value: object) -> tuple[str, list[str]]:
    """
    The base URL without `/jatos/api/v1`, which every request adds, and what was cut from it.

    Messages never show a user name, password or query: they may be secret.
    """
    written = text(value)
    parts = _split(written)
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"an address with {parts.scheme}:// is not possible; {_WRITE_URL}")
    host, port = parts.hostname or "", _port(parts)
    if not (_is_ip(host) or _is_name(host)):
        raise ValueError(f"the address names no server; {_WRITE_URL}")
    where = f"[{host}]" if ":" in host else host
    base = f"{parts.scheme}://{where}" + (f":{port}" if port is not None else "")
    path = re.sub(r"(/jatos(/api/v1)?)?/*$", "", parts.path)
    if "@" in parts.netloc:
        raise ValueError(
            f"a user name or password has no place in the address; write {base + path} "
            "and put the token into a file of its own (token_file)"
        )
    if "//" in path or {".", ".."} & set(path.split("/")):
        raise ValueError(f"this is no address; {_WRITE_URL}")
    if parts.query or parts.fragment or written.endswith(("?", "#")):
        raise ValueError(f"nothing may follow the path of the address; write {base + path}")
    notes = []
    if path != parts.path:
        cut = parts.path[len(path) :]
        notes.append(f"server: {cut} at the end is not needed; write {base + path}")
    return base + path, notes


def _is_name(host: str) -> bool:
    """Whether a server can be called so: RFC 1123, with names of other scripts (IDNA)."""
    labels = host.removesuffix(".").split(".")
    return all(re.fullmatch(r"[\w-]{1,63}", label) for label in labels)


_WRITE_URL = "write for example https://jatos.example.org"


def _split(written: str) -> SplitResult:
    """The URL's parts; urlsplit alone would drop tabs and line ends, and take any scheme."""
    if any(character.isspace() or not character.isprintable() for character in written):
        raise ValueError(f"an address has no spaces in it; {_WRITE_URL}")
    if "://" not in written:
        if re.fullmatch(r"[\w.-]+(:[0-9]+)?(/[^?#@]*)?", written):
            scheme = "http" if is_loopback(re.split("[:/]", written)[0]) else "https"
            raise ValueError(
                f"the address has no https:// at its start; write {scheme}://{written}"
            )
        raise ValueError(f"this is no address; {_WRITE_URL}")
    try:
        return urlsplit(written)
    except ValueError:
        raise ValueError(f"this is no address; {_WRITE_URL}") from None


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("the port in the address is no number from 1 to 65535")
    return port


def is_loopback(host: str) -> bool:
    """Whether `host` is this computer: nothing goes over a network."""
    return ipaddress.ip_address(host).is_loopback if _is_ip(host) else host == "localhost"


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def proxy(value: object) -> str:
    """
    The address of an HTTP proxy.

    Messages never show what was written: it may hold a password.
    """
    written = text(value)
    if "@" in written:
        raise ValueError("a proxy that wants a user name and a password is not possible")
    if not re.fullmatch(r"https?://([\w.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?/?", written):
        raise ValueError("this is no proxy; write for example http://proxy.example.org:3128")
    return written.rstrip("/")


def study(value: object) -> str:
    """The UUID in lower case, or the ID's digits."""
    written = text(value).strip().lower()
    if _UUID.fullmatch(written) or re.fullmatch(r"[1-9][0-9]{0,17}", written):
        return written
    raise ValueError(
        f"{quoted(value)} is neither a study's UUID nor its ID; open the study in JATOS: "
        "the number in the browser's address (…/jatos/42) is its ID, and that is enough"
    )


# --- paths ---------------------------------------------------------------------------------------

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w*)\})" + (r"|%(\w+)%" if os.name == "nt" else ""))


def path(value: object, base: str) -> str:
    """
    An absolute path; `~` and environment variables are expanded.

    Args:
        base: The directory that relative paths begin at.
    """
    written = text(value)
    if "\0" in written or _unencodable(written):
        raise ValueError("has a character that cannot be in a path")
    expanded = os.path.expanduser(_VARIABLE.sub(_variable, written))
    segments = re.split(r"[/\\]", expanded)
    if segments[0].startswith("~"):
        raise ValueError(
            f"{segments[0]} is nobody's home directory; write the whole path (or ./{segments[0]})"
        )
    whole = os.path.join(base, expanded)
    # normpath would make `link/..` the directory that the link is in, not the one it leads to.
    return os.path.realpath(whole) if ".." in segments else os.path.normpath(whole)


def _variable(match: re.Match[str]) -> str:
    name = next((group for group in match.groups() if group), "")
    value = os.environ.get(name, "")
    if not value:  # also where it is set to nothing: $STUDY/data must not become /data
        raise ValueError(
            f"the environment variable {shown(match[0])} is not set; write the whole path"
        )
    return value


def _unencodable(written: str) -> bool:
    try:
        os.fsencode(written)
    except UnicodeEncodeError:
        return True
    return False


def inside(path: str, top: str) -> bool:
    """Whether `path` is `top` or lies in it, by real paths and, where they exist, by identity."""
    real, top = os.path.realpath(path), os.path.realpath(top)
    while True:
        if real == top or _same(real, top):
            return True
        above = os.path.dirname(real)
        if above == real:
            return False
        real = above


def _same(one: str, other: str) -> bool:
    """True also where a file system ignores case, or the same directory is mounted twice."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
