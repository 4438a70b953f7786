"""`jatossync service install`: what would be written, shown; then written, enabled, started."""

from __future__ import annotations

import getpass
import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import click

from jatossync.cli.own_files import ORDINARY
from jatossync.cli.own_files import replace as replace_file
from jatossync.cli.service import checks
from jatossync.cli.setup import read_token
from jatossync.config import Config
from jatossync.config.editing import add_option, has_option
from jatossync.errors import ConfigError, JatossyncError
from jatossync.local.mounts import mount_of, mount_table
from jatossync.service import manager
from jatossync.service.units import (
    Particulars,
    Scope,
    argument,
    drop_in_text,
    is_ours,
    unit,
)

STATE_TOP = "/var/lib/jatossync"
"""Where a system service may write: StateDirectory= of the template unit."""

_WHY_STATE = "Written by `jatossync service install`: service and commands find each other here."


@dataclass(frozen=True)
class Installation:
    """What is to be done."""

    scope: Scope
    name: str
    files: dict[str, str]
    config: str
    state: str | None
    """What `state:` is to say; None where it says it already."""
    commands: Sequence[Sequence[str]]


def planned(scope: Scope, config: Config, name: str, user: str | None) -> Installation:
    """
    What would be done for this study.

    Raises:
        ConfigError: It could not work so.
    """
    checks.program_needed(scope)
    folder = checks.folder_needed(config)
    own = unit(name)
    study = Particulars(checks.PROGRAM, config.path, folder, _mount_point(folder))
    state = config.state
    credential = checks.credential(name) if scope.system else None
    if scope.system:
        state = os.path.join(STATE_TOP, name)
        runs = checks.runner(user, folder)
        checks.visible(config, folder, state, name, runs)
        encrypted = credential if credential and "encrypted" in credential else None
        study = replace(study, user=runs.user, groups=runs.groups, encrypted_token=encrypted)
    if credential is None:
        read_token(config)
    _refuse_namesake(scope, name, config)
    systemctl = scope.systemctl
    return Installation(
        scope,
        name,
        {
            scope.template: scope.template_text(),
            scope.drop_in(name): drop_in_text(scope, study),
        },
        config.path,
        None if has_option(config.path, "state") else state,
        [
            [*systemctl, "daemon-reload"],
            [*systemctl, "enable", own],
            [*systemctl, "restart", own],
        ],
    )


def _refuse_namesake(scope: Scope, name: str, config: Config) -> None:
    try:
        with open(scope.drop_in(name), encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return
    if not is_ours(text) or argument(config.path) not in text:
        raise ConfigError(
            f"there is another service called {name} ({scope.drop_in(name)})",
            "Give this one another name with --name.",
        )


def _mount_point(folder: str) -> str:
    mount = mount_of(folder, mount_table())
    return mount.point if mount else os.sep


def show(what: Installation, *, whole: bool) -> None:
    """Say what is, or would be, done; `whole`: with all that the files say."""
    for path, text in what.files.items():
        click.echo(click.style(f"── {path}", bold=True))
        if whole:
            click.echo(text)
    if what.state is not None:
        click.echo(click.style(f"── added to {what.config}", bold=True))
        click.echo(f"state: {what.state}\n")
    for command in what.commands:
        click.echo(f"$ {shlex.join(command)}")


def carry_out(what: Installation) -> None:
    """
    Write the files, and start the service.

    Raises:
        JatossyncError: It did not start; the message has the reason.
    """
    if what.state is not None:
        add_option(what.config, "state", what.state, _WHY_STATE)
    for path, text in what.files.items():
        _write(path, text)
    *before, start = what.commands
    for command in before:
        manager.run(command)
    own = unit(what.name)
    try:
        manager.run(start)
    except JatossyncError as exc:
        why = manager.property_of(what.scope, own, "StatusText") or exc.message
        raise JatossyncError(
            f"the service is set up but did not start: {why}",
            f"Then try again: {shlex.join(start)}",
        ) from exc
    click.echo(f"{own} runs: {manager.property_of(what.scope, own, 'StatusText')}")
    if not what.scope.system:
        _say_lingering()


def _write(path: str, text: str) -> None:
    """Whole or not at all: half of it would be taken for another service, and stay for ever."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    except OSError as exc:
        raise ConfigError(f"{path} cannot be written: {exc.strerror}") from exc
    replace_file(path, text, ORDINARY)


def _say_lingering() -> None:
    user = getpass.getuser()
    with suppress(JatossyncError):  # no logind here: nothing ends with the session either
        said = manager.run(["loginctl", "show-user", user, "--property=Linger", "--value"])
        if said.strip() != "yes":
            click.echo(
                "It ends when you log out, and starts when you log in. To let it run from boot on: "
                "loginctl enable-linger"
            )
