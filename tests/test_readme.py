"""The README names the commands, options, exit codes and numbers that the program has."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from jatossync.cli import exits
from jatossync.cli.main import COMMANDS, jatossync
from jatossync.config.model import Config
from jatossync.config.writing import example
from jatossync.errors import JatossyncError

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
CODE = [
    " ".join(part.split())
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", README, re.DOTALL | re.MULTILINE)
    for part in re.sub(r"#.*", "", block).splitlines()
] + [" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", README)]


def called() -> Iterator[str]:
    """Every call of the program, without what stands before it and after it."""
    for code in CODE:
        yield from re.findall(r"(?:^|/|&& )jatossync ([^&|>]+)", code)


CALLS = sorted({call.strip() for call in called() if re.match("[a-z]", call)})


def test_all_commands_are_named_and_no_others() -> None:
    assert {call.split()[0] for call in CALLS} == set(COMMANDS)


@pytest.mark.parametrize("call", CALLS)
def test_what_is_typed_there_exists(call: str) -> None:
    command: click.Command = jatossync
    context = click.Context(command)
    words = shlex.split(call)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words.pop(0))
        assert found is not None, call
        command, context = found, click.Context(found)
    parameters = command.get_params(context)
    options = {name for each in parameters for name in (*each.opts, *each.secondary_opts)}
    for word in words:
        assert not word.startswith("-") or word == "-" or word in options, f"{word} in {call}"


def test_the_exit_codes_are_those_of_the_program() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \| ", README, re.MULTILINE)}
    errors = {each.exit_code for each in _all_below(JatossyncError)}
    assert told == {0, exits.DIFFERENCES, exits.USAGE, exits.INTERRUPTED, *errors}


def _all_below(kind: type[JatossyncError]) -> set[type[JatossyncError]]:
    return {kind}.union(*map(_all_below, kind.__subclasses__()))


def test_the_options_of_the_configuration_exist() -> None:
    options = {code.partition(":")[0] for code in CODE if re.match(r"[a-z_]+:( |$)", code)}
    assert options
    assert options <= set(Config.model_fields)


@pytest.mark.parametrize(
    ("told", "option"),
    [
        ("left alone for 0.3 s", "quiet: 0.3s"),
        ("every 5 s after", "max_wait: 5s"),
        ("whole folder every 5 minutes", "rescan: 5m"),
        ("deleted on JATOS 2 s later", "delay: 2s"),
        ("More than 20 deletes", "max_files: 20"),
        ("over 30 % of the study", "max_share: 0.3"),
        ("when 500 MB are full", "max_size: 500MB"),
        ("Copies go after 30 days", "max_age: 30d"),
    ],
)
def test_the_numbers_are_the_defaults(told: str, option: str) -> None:
    assert told in " ".join(README.split())
    assert option in example()


def test_the_developers_modules_are_there() -> None:
    pattern = r"-m ((?:tests|jatossync)\.[a-z_.]+)"
    modules = {name for code in CODE for name in re.findall(pattern, code)}
    top = Path(__file__).parents[1]
    assert modules
    for module in modules:
        place = top / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists(), module
