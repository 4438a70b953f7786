"""From a path to a `Config`, or to one error that names everything that is wrong."""

from __future__ import annotations

import difflib
import os

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from jatossync.config import values
from jatossync.config.document import Document, Loc, Problem, parse, read_text
from jatossync.config.model import Config, Reading
from jatossync.errors import ConfigError
from jatossync.log import redact


def load(path: str) -> Config:
    """
    The configuration in the file at `path`.

    Raises:
        ConfigError: It cannot be read or used. The message has a line for every problem:
            `jatossync.yaml:4: deletes.delay: '2 apples' is no duration; write for example 2s, …`.
    """
    document = parse(read_text(path), path)
    problems = document.problems
    config = None
    try:
        reading = Reading(os.path.realpath(path))
        config = Config.model_validate(document.values, context=reading)
    except ValidationError as exc:
        errors = exc.errors(include_url=False, include_input=False)
        problems = problems + [_problem(error, document) for error in errors]
    if config is None or problems:
        lines = [_line(path, problem) for problem in sorted(problems, key=_by_line)]
        raise ConfigError(redact("\n".join(lines)))
    return config


def _problem(error: ErrorDetails, document: Document) -> Problem:
    loc = error["loc"] if error["loc"] in document.lines else _as_written(error["loc"])
    if error["type"] == "missing":
        key = str(loc[-1])
        example = _model_of(loc[:-1]).model_fields[key].examples
        text = f"is missing; add a line like {key}: {example[0] if example else '…'}"
        return Problem(0, loc, text)
    if error["type"] == "extra_forbidden":
        return Problem(document.line(loc), loc, _unknown(loc))
    said = error.get("ctx", {}).get("error", error["msg"])  # pydantic's own: of keys without text
    return Problem(document.line(loc), loc, str(said))


def _as_written(loc: Loc) -> Loc:
    """With the key that a file would have: pydantic names a default by its field."""
    section = _sections().get(str(loc[0])) if loc else None
    field = section.model_fields.get(str(loc[-1])) if section else None
    return (*loc[:-1], field.alias) if field and field.alias else loc


def _unknown(loc: Loc) -> str:
    """That there is no such option, and which one may be meant."""
    key, section = str(loc[-1]), ".".join(str(part) for part in loc[:-1])
    here = _options(_model_of(loc[:-1]))
    if close := difflib.get_close_matches(key.lower(), here, n=1):
        return f"is no option; did you mean {close[0]}?"
    if elsewhere := _homes(key):
        return f"is no option here; it belongs {elsewhere}"
    return f"is no option; {section or 'the file'} has: {', '.join(here)}"


def _homes(key: str) -> str:
    """Where an option of this name belongs; empty where none has it."""
    if key in _options(Config):
        return "at the top, without indentation"
    return " or ".join(
        f"on an indented line below {name}:"
        for name, section in _sections().items()
        if key in _options(section)
    )


def _options(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _sections() -> dict[str, type[BaseModel]]:
    return {
        name: type(field.default)
        for name, field in Config.model_fields.items()
        if isinstance(field.default, BaseModel)
    }


def _model_of(loc: Loc) -> type[BaseModel]:
    return _sections()[str(loc[0])] if loc else Config


def _line(path: str, problem: Problem) -> str:
    where = f"{path}:{problem.line}" if problem.line else path
    return ": ".join(part for part in (where, _name(problem.loc), problem.text) if part)


def _name(loc: Loc) -> str:
    """`watch.quiet`; the items of a list are counted from 1: `ignore[2]`."""
    name = ""
    for part in loc:
        name += f"[{part + 1}]" if isinstance(part, int) else f".{values.shown(part)}"
    return name.removeprefix(".")


def _by_line(problem: Problem) -> tuple[bool, int]:
    """In the file's order; what is missing comes last."""
    return problem.line == 0, problem.line
