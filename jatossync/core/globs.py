"""
Patterns in the format of `.gitignore`, one level at a time: does this pattern name this very path?

That a directory's children share its fate is the caller's part (core/ignore.py). Source:
gitignore(5), and git itself, which the tests compare with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


@dataclass(frozen=True, slots=True)
class Glob:
    """One pattern."""

    text: str
    """As the user wrote it."""
    source: str
    """Where it was written, for people."""
    negated: bool
    directories_only: bool
    whole_path: bool
    """It has a slash in it and is matched from the top; others match a name at any depth."""
    regex: str

    @classmethod
    def parse(cls, line: str, source: str) -> Glob:
        """
        The pattern on a line.

        Raises:
            ValueError: It is broken, or can never match anything; the text names it.
        """
        text = re.sub(r"(?<!\\) +$", "", line)
        negated = text.startswith("!")
        body = text.removeprefix("!")
        directories_only = body.endswith("/")
        body = body.removesuffix("/")
        try:
            if body.startswith("#") and not negated:
                raise ValueError(r"would be a comment; write '\#' for a name that begins so")
            whole_path = "/" in body
            regex = _regex(body.removeprefix("/"), whole_path)
            return cls(text, source, negated, directories_only, whole_path, regex)
        except ValueError as exc:
            raise ValueError(f"the pattern '{text}' {source} {exc}") from None


class Globs:
    """A list of patterns of which the last that matches decides."""

    def __init__(self, globs: Iterable[Glob]) -> None:
        self._globs = [(glob, re.compile(glob.regex, re.DOTALL)) for glob in globs]
        self._globs.reverse()
        self._any_name = _union(glob for glob, _ in self._globs if not glob.whole_path)
        self._any_path = _union(glob for glob, _ in self._globs if glob.whole_path)

    def last_match(self, path: str, is_directory: bool) -> Glob | None:
        """The pattern that decides about `path`, if any matches it."""
        name = path.rpartition("/")[2]
        if not self._any_name.fullmatch(name) and not self._any_path.fullmatch(path):
            return None
        for glob, regex in self._globs:
            if glob.directories_only and not is_directory:
                continue
            if regex.fullmatch(path if glob.whole_path else name):
                return glob
        return None

    def matches(self, path: str, is_directory: bool) -> bool:
        """Whether the pattern that decides about `path` is not a negated one."""
        glob = self.last_match(path, is_directory)
        return glob is not None and not glob.negated


def _union(globs: Iterable[Glob]) -> re.Pattern[str]:
    """One quick question for most paths: does any of them match?"""
    return re.compile("|".join(f"(?:{glob.regex})" for glob in globs) or r"(?!)", re.DOTALL)


def _regex(body: str, whole_path: bool) -> str:
    segments = body.split("/")
    if any(segment in ("", ".", "..") for segment in segments):
        raise ValueError("can never match: no path has an empty, '.' or '..' part")
    return _path(segments) if whole_path else _segment(body)


def _path(segments: list[str]) -> str:
    """
    The regular expression of a whole path.

    What stands between two `**` is looked for from the left and never again further on: that finds
    a match if there is one, and no pattern takes for ever to say no.
    """
    groups: list[list[str]] = [[]]
    for segment in segments:
        if _any_depth(segment):
            groups.append([])
        else:
            groups[-1].append(_segment(segment))
    if len(groups) == 1:
        return "/".join(groups[0])
    first, *between, last = ["".join(f"{segment}/" for segment in group) for group in groups]
    found = "".join(f"(?>(?:[^/]*/)*?{group})" for group in between if group)
    return first + found + (f"(?:.*/)?{last.removesuffix('/')}" if last else ".*")


def _any_depth(segment: str) -> bool:
    return len(segment) > 1 and not segment.strip("*")


def _segment(segment: str) -> str:
    """The regular expression of what stands between two slashes; stars as `**` in `_path`."""
    pieces = [""]
    at = 0
    while at < len(segment):
        character = segment[at]
        at += 1
        if character == "*":
            pieces.append("")
        elif character == "?":
            pieces[-1] += "[^/]"
        elif character == "[":
            bracket, at = _bracket(segment, at)
            pieces[-1] += bracket
        elif character == "\\":
            pieces[-1] += re.escape(_escaped(segment, at))
            at += 1
        else:
            pieces[-1] += re.escape(character)
    if len(pieces) == 1:
        return pieces[0]
    first, *between, last = pieces
    return first + "".join(f"(?>[^/]*?{piece})" for piece in between if piece) + f"[^/]*{last}"


def _escaped(segment: str, at: int) -> str:
    """The character that a backslash before `at` makes plain."""
    if at == len(segment) or segment[at].isalnum():
        raise ValueError(r"has a '\' that means nothing there; between folders stands '/'")
    return segment[at]


def _bracket(segment: str, at: int) -> tuple[str, int]:
    """The character class that begins at `at`, after its `[`, and where the pattern goes on."""
    negated = segment[at : at + 1] in ("!", "^")
    at += negated
    first = at
    members = ""
    while segment[at : at + 1] != "]" or at == first:
        if at >= len(segment):
            raise ValueError("has a '[' without its ']'")
        member, at = _member(segment, at)
        members += member
    return f"(?!/)[{'^' * negated}{members}]", at + 1


def _member(segment: str, at: int) -> tuple[str, int]:
    """One character, range or `[:class:]` within brackets, and where the next begins."""
    if named := re.compile(r"\[:(\w*):\]").match(segment, at):
        if named[1] not in _CLASSES:
            raise ValueError(f"has the unknown class '[:{named[1]}:]'")
        return _CLASSES[named[1]], named.end()
    low, at = _plain(segment, at)
    if segment[at : at + 1] != "-" or segment[at + 1 : at + 2] in ("", "]"):
        return re.escape(low), at
    high, at = _plain(segment, at + 1)
    if low > high:
        raise ValueError(f"has the range '{low}-{high}', in which nothing is")
    return f"{re.escape(low)}-{re.escape(high)}", at


def _plain(segment: str, at: int) -> tuple[str, int]:
    if segment[at] == "\\":
        return _escaped(segment, at + 1), at + 2
    return segment[at], at + 1
