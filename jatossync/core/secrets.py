"""
What a secret looks like: JATOS tokens and private keys, in the bytes of a file (law 12).

Source: jatos-api.md, "Token".
"""

from __future__ import annotations

import hashlib
import re

PREFIX = "jap_"
_RANDOM = 31
_CHECK = 6
LENGTH = len(PREFIX) + _RANDOM + _CHECK
"""Characters of a token."""

_UTF_16 = b"j\0a\0p\0_"

_TOKEN = re.compile(rb"jap_([A-Za-z0-9]{31})([0-9a-f]{6})")


def well_formed(token: str) -> str | None:
    """
    What is wrong with the form of a token, or None where a JATOS could have made it.

    The sentence never repeats the token: it may be the real one with a slip in it.
    """
    if not token.startswith(PREFIX):
        return f"it does not begin with {PREFIX!r}"
    if len(token) != LENGTH:
        return f"it has {len(token)} characters, and a JATOS token has {LENGTH}"
    if not (token.isascii() and token.removeprefix(PREFIX).isalnum()):
        return "it has a character that is neither a letter nor a digit"
    if not _is_token(token.encode("ascii")):
        return "its check digits do not fit: a character was mistyped or mixed up"
    return None


class TokenFinder:
    """
    Looks for a well-formed JATOS token in a stream of bytes, also across chunk borders.

    Also in UTF-16, as PowerShell's `>` writes: the same letters with NULs in between.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._found = False

    def feed(self, chunk: bytes) -> bool:
        """Take the next chunk; True once a token was seen in what came so far."""
        if self._found:
            return True
        data = self._tail + chunk
        self._found = _has_token(data) or (_UTF_16 in data and _has_token(_without_nul(data)))
        self._tail = data[-(2 * LENGTH - 1) :]
        return self._found


def _has_token(data: bytes) -> bool:
    start = data.find(b"jap_")
    while start >= 0:
        if _is_token(data[start : start + LENGTH]):
            return True
        start = data.find(b"jap_", start + 1)
    return False


def _without_nul(data: bytes) -> bytes:
    return data.replace(b"\0", b"")


def _is_token(candidate: bytes) -> bool:
    match = _TOKEN.fullmatch(candidate)
    if match is None:
        return False
    digest = hashlib.md5(match[1], usedforsecurity=False).hexdigest()
    return digest[:_CHECK].encode() == match[2]


_KEY_MARKS = b"PRIVATE KEY", b"PuTTY-User-Key-File"
_KEY_TEXT = re.compile(
    rb"^(?:\xef\xbb\xbf)?[ \t]*(?:"
    rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[ \t\r]*$"  # PEM, OpenSSH, PGP
    rb"|---- BEGIN SSH2 [A-Z ]*PRIVATE KEY ----"
    rb"|PuTTY-User-Key-File-\d"
    rb')|"private_key"\s*:\s*"-----BEGIN ',  # of a Google service account
    re.MULTILINE,
)
"""A line of its own: libraries for cryptography have these words within a line of code."""

_KEY_DER = re.compile(
    rb"\x30(?:[\x00-\x7f]|\x81.|\x82..)\x02\x01[\x00\x01\x03][\x02\x04\x30]", re.DOTALL
)
"""SEQUENCE, version, then a number, a string or a SEQUENCE: PKCS #1, #8, #12 and EC private keys;
certificates and public keys have no version in this place."""


def is_private_key(head: bytes) -> bool:
    """Whether a file that begins with `head` is, or holds, a private key, whatever its name."""
    text = _without_nul(head).removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")  # UTF-16, too
    marked = any(mark in text for mark in _KEY_MARKS)  # cheaper than the pattern for every line
    return bool((marked and _KEY_TEXT.search(text)) or _KEY_DER.match(head))
