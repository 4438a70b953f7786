"""The configuration's JSON schema: the model's options with the example's explanations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from jatossync.config.model import Config
from jatossync.config.values import Reader

Json = dict[str, Any]

_DIALECT = "http://json-schema.org/draft-07/schema#"
"""What editors' YAML support understands best."""

_STUDY: Json = {"type": ["string", "integer"], "minimum": 1}
_PATTERNS: Json = {"type": ["array", "null"], "items": {"type": "string"}}


class Option(NamedTuple):
    """One option, as it is called in the file."""

    name: tuple[str, ...]
    field: FieldInfo

    @property
    def reader(self) -> Reader | None:
        """What reads it, for the options that have bounds or words."""
        found = (item.func for item in self.field.metadata if isinstance(item, BeforeValidator))
        return next((func for func in found if isinstance(func, Reader)), None)


def options() -> Iterator[Option]:
    """All options in the order of the model, sections as their options."""
    for name, field in _fields(Config):
        if isinstance(field.default, BaseModel):
            for below, inner in _fields(type(field.default)):
                yield Option((name, below), inner)
        else:
            yield Option((name,), field)


def schema(example: str) -> str:
    """
    The schema as text.

    Args:
        example: The example configuration, whose comments explain the options.
    """
    about = explanations(example)
    top = _object("The configuration of jatossync", required=["server", "study", "folder"])
    for option in options():
        properties = top["properties"]
        for section in option.name[:-1]:
            made = _object(about.get((section,), f"Options of {section}"))
            properties = properties.setdefault(section, made)["properties"]
        properties[option.name[-1]] = {"description": about[option.name], **_allowed(option)}
    return json.dumps(top, ensure_ascii=False, indent=2) + "\n"


def explanations(example: str) -> dict[tuple[str, ...], str]:
    """The comment above each option of the example, as one paragraph."""
    found: dict[tuple[str, ...], str] = {}
    comment: list[str] = []
    section = ""
    for line in example.splitlines():
        if match := re.match(r"( *)#?(\w+):", line):
            section = section if match[1] else match[2]
            name = (section, match[2]) if match[1] else (section,)
            if comment:
                found[name] = " ".join(comment)
            comment = []
        elif match := re.match(r" *# (?!---)(.*)", line):
            comment.append(match[1])
        else:
            comment = []
    return found


def _allowed(option: Option) -> Json:
    """What may be written, and the default."""
    field = option.field
    default = {} if field.is_required() or field.default is None else {"default": _default(option)}
    if reader := option.reader:
        return {**reader.schema, **default}
    if field.annotation is bool:
        return {"type": "boolean", **default}
    if isinstance(field.default, tuple):
        return {**_PATTERNS, **default}
    return dict(_STUDY) if option.name == ("study",) else {"type": "string", **default}


def _default(option: Option) -> object:
    value, reader = option.field.default, option.reader
    if isinstance(value, tuple):
        return list(value)
    return reader.show(value) if reader else value


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        yield field.alias or name, field


def _object(description: str, **more: object) -> Json:
    return {
        **({"$schema": _DIALECT, "title": "jatossync.yaml"} if more else {}),
        "description": description,
        "type": "object" if more else ["object", "null"],
        "additionalProperties": False,
        "properties": {},
        **more,
    }
