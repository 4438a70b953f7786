"""From the bytes of a request target to a file below a study's folder.

The rules are JATOS's: the raw rest of the path goes through Java's `URLDecoder` (`%XX`, and `+`
is a space), one leading slash is cut, and the result is normalised and must stay inside.
"""

import posixpath
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from jatossync.emulator.dialects import Dialect

API = "/jatos/api/v1"
MAX_TARGET_BYTES = 2048
PROXIES = ("none", "canonical", "apache-rewrite")
BARE_BEHIND_PROXY = "/~$-_.+!*'(),;:@&="
JAVA_BLANKS = "".join(map(chr, range(33)))  # what Java's String.trim() takes away

_ILLEGAL_IN_TARGET = re.compile(r"[^!-~]|[]\"#<>[\\^`{|}]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def target_problem(target: str, address: str) -> tuple[int, str] | None:
    """What the HTTP server itself has against a request target: status and text."""
    if len(target) > MAX_TARGET_BYTES:
        limit = f"the configured limit of {MAX_TARGET_BYTES} characters"
        return 414, f"URI length exceeds {limit} from {address}"
    path, _, query = target.partition("?")
    if found := _BAD_ESCAPE.search(path):
        wrong = next(i for i in (1, 2) if not _is_hex(path, found.start() + i))
        return 400, _illegal(path, found.start() + wrong, "expected HEXDIG")
    if found := _ILLEGAL_IN_TARGET.search(path):
        return 400, _illegal(path, found.start(), "expected pchar, '/', '?' or 'EOI'")
    if found := re.search(r"[^ -~]", query):
        return 400, _illegal(target, len(path) + 1 + found.start(), "expected query")
    return None


def _is_hex(path: str, index: int) -> bool:
    return index < len(path) and path[index] in "0123456789abcdefABCDEF"


def _illegal(target: str, index: int, expected: str) -> str:
    found = f"input '{target[index]}'" if index < len(target) else "input 'EOI'"
    return f"Illegal request-target: Invalid {found}, {expected} (line 1, column {index + 1})"


def url_decode(raw: str) -> str:
    """Java's URLDecoder with UTF-8: `+` is a space, what is not UTF-8 becomes U+FFFD."""
    return unquote_to_bytes(raw.replace("+", " ")).decode("utf-8", "replace")


def decoded_path(raw: str, *, trim: bool = False) -> str:
    """The path of an asset that the raw rest of an address names."""
    path = url_decode(raw)
    return (path.strip(JAVA_BLANKS) if trim else path).removeprefix("/")


def through_proxy(target: str, proxy: str) -> str | None:
    """The target as it arrives behind a proxy; None when the proxy itself forbids it.

    `canonical` is Apache's ProxyPass without `nocanon`, or nginx with a URI part: the path is
    decoded and encoded again, and `+` stays bare. `apache-rewrite` does the same with a
    RewriteRule, and Apache forbids an encoded question mark there.
    """
    if proxy == "none":
        return target
    path, mark, query = target.partition("?")
    if proxy == "apache-rewrite" and "%3f" in path.lower():
        return None
    return quote(unquote_to_bytes(path), safe=BARE_BEHIND_PROXY) + mark + query


def inside(path: str, dialect: Dialect) -> str | None:
    """The normalised path below the assets folder ('' = the folder), None when it is illegal."""
    if not path.strip(JAVA_BLANKS) or any(char in dialect.illegal_characters for char in path):
        return None
    normal = posixpath.normpath(path.lstrip("/") or ".")
    if normal == ".." or normal.startswith("../"):
        return None
    return "" if normal == "." else normal


@dataclass(frozen=True)
class Names:
    """How the file system treats names: `key` tells which are the same, `stored` what is kept."""

    exact: bool
    key: Callable[[str], str]
    stored: Callable[[str], str]

    def find(self, folder: Path, path: str) -> Path:
        """The file that `path` names: parts that exist under an equal name keep theirs."""
        found = folder
        for part in path.split("/") if path else ():
            found = self._entry(found, self.stored(part))
        return found

    def same(self, path: str) -> str:
        """A text that is equal for paths that name the same file."""
        return "/".join(map(self.key, path.split("/")))

    def _entry(self, folder: Path, name: str) -> Path:
        wanted = folder / name
        if self.exact or wanted.exists() or not folder.is_dir():
            return wanted
        key = self.key(name)
        return next((each for each in folder.iterdir() if self.key(each.name) == key), wanted)


def _as_is(name: str) -> str:
    return name


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _decompose(name: str) -> str:
    return unicodedata.normalize("NFD", name)


NAMES = {
    "exact": Names(True, _as_is, _as_is),
    "fold": Names(False, _fold, _as_is),
    "nfd": Names(False, _decompose, _decompose),
}
