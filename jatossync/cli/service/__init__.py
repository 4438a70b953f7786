"""`jatossync service`: let it run in the background, also after a restart."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import click

from jatossync.cli.options import config_option, yes_option
from jatossync.cli.service import checks, install
from jatossync.cli.setup import read_config
from jatossync.cli.terminal import can_ask
from jatossync.config import find_config
from jatossync.errors import JatossyncError
from jatossync.service import manager
from jatossync.service.units import Scope, argument, is_ours, unit

Command = TypeVar("Command", bound=Callable[..., Any])


def _study_options(command: Command) -> Command:
    """Which study, and whose service: `--user`, `--system`, or what fits."""
    name = click.option(
        "--name", metavar="NAME", help="The service's name; otherwise the configuration's."
    )
    system = click.option("--system", "kind", flag_value="system", help="The whole machine's.")
    user = click.option("--user", "kind", flag_value="user", help="A service of your own.")
    return config_option(user(system(name(command))))


@click.group("service")
def command() -> None:
    """Let it run in the background, also after a restart of the computer (Linux with systemd).

    \b
    Example:
      jatossync service install
      jatossync service status
      jatossync service logs -f
      sudo jatossync service install --system --config /etc/jatossync/stroop.yaml
    """


@command.command("install")
@_study_options
@click.option("--as", "user", metavar="USER", help="Who runs it; otherwise the files' owner.")
@click.option("--print", "print_only", is_flag=True, help="Only show what would be done.")
@yes_option
def _install(
    config_path: str | None,
    kind: str | None,
    name: str | None,
    user: str | None,
    print_only: bool,
    yes: bool,
) -> None:
    """Show the unit, write it, and start it now and with every boot."""
    scope = Scope(kind == "system" if kind else _is_root())
    if user and not scope.system:
        raise click.UsageError("--as is for a service of the whole machine: add --system")
    if not print_only:
        checks.systemd_needed(scope)
    config = read_config(config_path)
    what = install.planned(scope, config, name or checks.name_for(config.path), user)
    install.show(what, whole=print_only or not yes)
    if print_only:
        return
    if not yes and can_ask() and not click.confirm("Write and start this?", default=True):
        raise click.Abort
    install.carry_out(what)


@command.command("uninstall", short_help="Stop it, and remove what `install` wrote.")
@_study_options
def _uninstall(config_path: str | None, kind: str | None, name: str | None) -> None:
    """Stop it, and remove what `install` wrote; configuration and state stay."""
    scope, name = _found(config_path, kind, name)
    checks.systemd_needed(scope)
    own = unit(name)
    manager.run([*scope.systemctl, "disable", "--now", own])
    with suppress(JatossyncError):  # it had not failed
        manager.run([*scope.systemctl, "reset-failed", own])
    drop_in = scope.drop_in(name)
    removed = [drop_in] if _remove_ours(drop_in) else []
    with suppress(OSError):  # drop-ins of others are in it
        os.rmdir(os.path.dirname(drop_in))
    if not _others(scope) and _content(scope.template) == scope.template_text():
        os.unlink(scope.template)
        removed.append(scope.template)
    manager.run([*scope.systemctl, "daemon-reload"])
    for path in removed:
        click.echo(f"removed {path}")
    click.echo(f"{own} is stopped, and does not start again.")


@command.command("status", short_help="How systemd sees it.")
@_study_options
def _status(config_path: str | None, kind: str | None, name: str | None) -> int:
    """How systemd sees it; `jatossync status` says more about the files."""
    scope, name = _found(config_path, kind, name)
    shown = manager.show([*scope.systemctl, "status", "--no-pager", "--full", unit(name)])
    return 0 if shown == 0 else 1


@command.command("logs")
@_study_options
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines, until Ctrl-C.")
@click.option("-n", "--lines", default=50, show_default=True, help="So many of the last lines.")
def _logs(
    config_path: str | None, kind: str | None, name: str | None, follow: bool, lines: int
) -> int:
    """What it logged, from the journal."""
    scope, name = _found(config_path, kind, name)
    journalctl = ["journalctl", *([] if scope.system else ["--user"]), "--unit", unit(name)]
    journalctl += ["--lines", str(lines), "--follow" if follow else "--no-pager"]
    return 0 if manager.show(journalctl) == 0 else 1


def _found(config_path: str | None, kind: str | None, name: str | None) -> tuple[Scope, str]:
    """
    The service that is meant: as the options say, or where one is set up.

    Raises:
        JatossyncError: None is set up; or one of that name for another study.
    """
    config = other = None
    if name is None:
        config = os.path.realpath(find_config(config_path))
        name = checks.name_for(config)
    unit(name)
    scopes = [Scope(kind == "system")] if kind else [Scope(system=False), Scope(system=True)]
    for scope in scopes:
        drop_in = scope.drop_in(name)
        text = _content(drop_in)
        if config and is_ours(text) and argument(config) not in text:
            other = drop_in
        elif text or (kind is not None and os.path.exists(scope.template)):
            return scope, name
    if other:
        raise JatossyncError(
            f"the service {name} belongs to another configuration ({other} says which)",
            f"If it is the one that you mean: --name {name}",
        )
    raise JatossyncError(
        f"no service called {name} is set up", "Set it up with `jatossync service install`."
    )


def _others(scope: Scope) -> bool:
    """Whether other studies have services of this kind."""
    return any(
        entry.startswith("jatossync@") and entry.endswith(".service.d")
        for entry in os.listdir(scope.directory)
    )


def _remove_ours(path: str) -> bool:
    ours = is_ours(_content(path))
    if ours:
        os.unlink(path)
    return ours


def _content(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
