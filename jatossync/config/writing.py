"""A new configuration, written from the example: each option with its explanation."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import NamedTuple

import yaml

EXAMPLE = "example.yaml"
SCHEMA = "schema.json"
_FIRST_PART = "# --- Fill in these three "


class Answers(NamedTuple):
    """What a configuration has to say."""

    server: str
    study: str
    folder: str
    token_file: str
    allow_http: bool
    ca_file: str | None
    proxy: str | None
    about: str
    """Which study this is, for people; one line."""


def example() -> str:
    """The example that shows every option with its default."""
    return _resource(EXAMPLE)


def schema() -> str:
    """The JSON schema of the configuration, for editors."""
    return _resource(SCHEMA)


def written(answers: Answers) -> str:
    """The text of a configuration with these answers."""
    _head, _, rest = example().partition(_FIRST_PART)
    text = _HEAD.format(about=answers.about)
    text += rest.partition("\n")[2].lstrip("\n")
    for option in ("server", "study", "folder", "token_file", "ca_file", "proxy"):
        value: str | None = getattr(answers, option)
        text = text if value is None else _set(text, option, _scalar(value))
    return _set(text, "allow_http", "true") if answers.allow_http else text


_HEAD = """\
# The configuration of jatossync for {about}.
#
# Below the first part everything may stay as it is, or be removed: it shows the defaults. Times are
# written with their unit: 500ms, 2s, 5m, 1h, 1d. In paths, ~ is your home directory, $NAME is an
# environment variable, and a path that begins with neither those nor a / begins in the directory of
# this file. Changes take effect when jatossync is started again. `jatossync config schema --help`
# says how your editor can complete and check it.


"""


def _set(text: str, option: str, value: str) -> str:
    """The text with another value of the first option of that name, which may be a comment."""
    line = re.compile(rf"^( *)#?{option}:.*$", re.MULTILINE)
    assert line.search(text), f"the example shows {option}"
    return line.sub(lambda match: f"{match[1]}{option}: {value}", text, count=1)


def _scalar(value: str) -> str:
    """As YAML writes it, in quotes where it needs them."""
    dumped = yaml.safe_dump(value, allow_unicode=True, width=float("inf"))
    return dumped.removesuffix("\n").removesuffix("\n...")


def _resource(name: str) -> str:
    return files("jatossync.config").joinpath(name).read_text(encoding="utf-8")
