"""Adding an option to a configuration file that a person wrote, and nothing else."""

from __future__ import annotations

import yaml

from jatossync.config.document import parse, read_text
from jatossync.errors import ConfigError


def has_option(path: str, key: str) -> bool:
    """Whether the file says anything of this option."""
    return key in parse(read_text(path), path).values


def add_option(path: str, key: str, value: str, why: str) -> None:
    """
    Add the line `key: value` at the end of the file, with a comment above it.

    Raises:
        ConfigError: It cannot be added there; the message has the line to add by hand.
    """
    text = read_text(path)
    line = yaml.safe_dump({key: value}, allow_unicode=True, width=10_000)
    added = ("" if text.endswith("\n") else "\n") + f"\n# {why}\n{line}"
    fault = ConfigError(
        f"the line `{line.strip()}` cannot be added to {path}", "Add it yourself, then try again."
    )
    before = parse(text, path).values
    try:
        fits = parse(text + added, path).values == {**before, key: value}
    except ConfigError:
        fits = False
    if not fits:
        raise fault
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(added)
    except OSError as exc:
        raise fault from exc
