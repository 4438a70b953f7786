"""Which value each option has in the end, and where it comes from."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from pydantic import SecretStr

from jatossync.config.document import Document, parse, read_text
from jatossync.config.loading import load
from jatossync.config.model import Config
from jatossync.config.schema import Option, options

NOT_SHOWN = "(not shown)"


class Effective(NamedTuple):
    """One option."""

    name: str
    """`watch.quiet`."""
    value: object
    """As it would be written; None where it is not set. A secret is `NOT_SHOWN`."""
    source: str
    """For people: `line 12`, `default`, `$STATE_DIRECTORY`."""


def effective(path: str) -> tuple[Config, list[Effective]]:
    """
    The configuration at `path`, and all its options.

    Raises:
        ConfigError: It cannot be read or used.
    """
    config = load(path)
    document = parse(read_text(path), path)
    return config, [_effective(option, config, document) for option in options()]


def _effective(option: Option, config: Config, document: Document) -> Effective:
    return Effective(".".join(option.name), _value(option, config), _source(option, document))


def _value(option: Option, config: Config) -> object:
    value: Any = config
    for name in option.name:
        fields = type(value).model_fields
        value = getattr(value, next(key for key in fields if (fields[key].alias or key) == name))
    if isinstance(value, SecretStr):
        return NOT_SHOWN
    if isinstance(value, tuple):
        return list(value)
    return option.reader.show(value) if option.reader else value


def _source(option: Option, document: Document) -> str:
    if line := document.lines.get(option.name):
        return f"line {line}"
    if option.name == ("state",) and os.environ.get("STATE_DIRECTORY"):
        return "$STATE_DIRECTORY"
    return "default"
