"""
A configuration file as text: bytes to plain values, and the line of every key.

Every scalar stays the text that was written. YAML 1.1 would make 8 of a study `010`, 300 of a
duration `5:00` and false of a pattern `no`; here the option says what its text means.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from jatossync.errors import ConfigError

Value = str | list["Value"] | dict[str, "Value"]
Loc = tuple[int | str, ...]
"""Where a value stands: `("watch", "quiet")`, `("ignore", 2)`."""

MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and what would be right."""

    line: int
    """From 1; 0 where no line has it."""
    loc: Loc
    text: str


@dataclass
class Document:
    """What a file says."""

    values: dict[str, Value] = field(default_factory=dict)
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    """Of the text itself; the values are those of the rest."""

    def line(self, loc: Loc) -> int:
        """The line of `loc`, or of what it stands in where it is not written; 0 for neither."""
        return self.lines.get(loc) or (self.line(loc[:-1]) if loc else 0)


def read_text(path: str) -> str:
    """
    The text of the file.

    Raises:
        ConfigError: No such file, no file, not readable, not UTF-8, or far too large.
    """
    if os.path.isdir(path):  # Windows would call it "permission denied"
        raise ConfigError(f"{path} is a directory; name the configuration file in it")
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration file {path}", HOW_TO_START) from None
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise ConfigError(f"the configuration {path} cannot be read: {reason}") from exc
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path} has more than 1 MB: this is no configuration file")
    return _decoded(raw, path)


HOW_TO_START = "Type: jatossync init"


def _decoded(raw: bytes, path: str) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError(f"{path} is saved as UTF-16; save it as UTF-8 in your editor")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw[: exc.start].count(b"\n") + 1
        raise ConfigError(
            f"{path}:{line}: this is not UTF-8; save the file as UTF-8 in your editor"
        ) from exc


def parse(text: str, path: str) -> Document:
    """
    What the text says, with the problems that leave the rest readable.

    Raises:
        ConfigError: It is no YAML, it is empty, or it is no list of `option: value`.
    """
    try:
        root = _Loader(text).get_single_node()
    except yaml.YAMLError as exc:
        # PyYAML's error quotes the line, which may hold the token: it is not chained.
        raise ConfigError(f"{path}:{_syntax_problem(exc, text)}") from None
    except RecursionError:
        raise ConfigError(f"{path}: lists in lists without end: this is no configuration") from None
    if root is None or root.value == "":
        raise ConfigError(f"{path} is empty", HOW_TO_START)
    if not isinstance(root, yaml.MappingNode):
        kind = "a list" if isinstance(root, yaml.SequenceNode) else "a single value"
        raise ConfigError(
            f"{path}:{root.start_mark.line + 1}: this is {kind}; "
            "write lines like 'server: https://jatos.example.org'"
        )
    document = Document()
    document.values = _mapping(root, (), document)
    return document


class _Loader(yaml.SafeLoader):
    """Without anchors: one study's configuration needs none, and `*old` is meant as a pattern."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if event.anchor is not None:
            kind = "an alias" if isinstance(event, yaml.AliasEvent) else "an anchor"
            raise yaml.MarkedYAMLError(problem=kind, problem_mark=event.start_mark)
        return super().compose_node(parent, index)


_PLAIN_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in (
        *("str", "int", "float", "bool", "null", "timestamp"),
        *("merge", "value", "seq", "map"),
    )
}
"""What YAML finds by itself; any other tag was written with a `!`."""


def _mapping(node: yaml.MappingNode, loc: Loc, document: Document) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            document.problems.append(Problem(line, loc, "the name of an option must be a word"))
            continue
        key = key_node.value
        if key in values:
            text = f"is set twice, first in line {document.lines[(*loc, key)]}; keep one of them"
            document.problems.append(Problem(line, (*loc, key), text))
            continue
        document.lines[(*loc, key)] = line
        values[key] = _value(value_node, (*loc, key), document)
    return values


def _value(node: yaml.Node, loc: Loc, document: Document) -> Value:
    line = node.start_mark.line + 1
    if node.tag not in _PLAIN_TAGS:
        document.problems.append(Problem(line, loc, _QUOTE_IT.format("!")))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, loc, document)
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            document.lines[(*loc, number)] = item.start_mark.line + 1
        return [_value(item, (*loc, number), document) for number, item in enumerate(node.value)]
    return str(node.value)


_QUOTE_IT = "put the value in quotes: a bare {} at its start has a meaning in YAML"
_SYNTAX: Mapping[str, str] = {
    "an alias": _QUOTE_IT.format("*"),
    "an anchor": _QUOTE_IT.format("&"),
    "character '\\t'": "a tab stands here; YAML wants spaces",
    "mapping values are not allowed": (
        "a ': ' stands inside a value (put it in quotes), or this line is indented too far, "
        "or the line before has no space after its ':'"
    ),
    "could not find expected ':'": "write 'option: value', with a ':' and a space after it",
    "escape": "in double quotes a \\ has a meaning; use single quotes: 'C:\\Users\\me\\study'",
    "while scanning a quoted scalar": "a quote is opened here and never closed",
    "cannot start any token": "put the value in quotes: its first character has a meaning in YAML",
    "sequence entries are not": "a list begins on a new line, or is written ['raw/', '*.psd']",
    "but found another document": "a second '---' begins another document; only one may be here",
    "<block end>": "the indentation does not fit the lines before",
    "expected ','": "a bracket is opened here; a ',' in it, or the closing one, is missing",
}
"""A part of PyYAML's wording, and what it means for somebody who does not write YAML every day."""


def _syntax_problem(exc: yaml.YAMLError, text: str) -> str:
    """`line: sentence` for the first thing that is no YAML."""
    if isinstance(exc, yaml.reader.ReaderError):
        line = text[: exc.position].count("\n") + 1
        return f"{line}: a character that cannot be in a configuration stands here; remove it"
    if not isinstance(exc, yaml.MarkedYAMLError):
        return " this is no YAML"
    wording = f"{exc.context} {exc.problem}"
    # Where a quote or bracket was opened says more than where the search for its end stopped.
    opened = "while scanning" in wording or "flow" in wording
    mark = (exc.context_mark if opened else None) or exc.problem_mark
    sentence = next(
        (ours for theirs, ours in _SYNTAX.items() if theirs in wording),
        "this is no YAML; look at the quotes, brackets and the indentation here and above",
    )
    return f"{mark.line + 1 if mark else 0}: {sentence}"
