"""`jatossync init`: from nothing to a configuration that works."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import click

from jatossync.cli import exits
from jatossync.cli.init.asking import ask
from jatossync.cli.init.preview import first_contact
from jatossync.cli.init.server import Found, find_server
from jatossync.cli.init.studies import choose
from jatossync.cli.init.tokens import NewToken, find_token
from jatossync.cli.own_files import ORDINARY, PRIVATE, create, replace
from jatossync.cli.saying import done, note, short
from jatossync.cli.terminal import can_ask
from jatossync.config import values
from jatossync.config.places import IN_A_FOLDER
from jatossync.config.writing import Answers, written
from jatossync.errors import ConfigError, JatossyncError
from jatossync.local.root import StudyFolder
from jatossync.log import escaped
from jatossync.remote.parse import StudyHead
from jatossync.remote.route import Route
from jatossync.service import manager


@dataclass(frozen=True)
class _Given:
    """The options, as click names them."""

    server: str | None
    token_file: str | None
    study: str | None
    folder: str | None
    config_path: str | None
    allow_http: bool
    ca_file: str | None
    proxy: str | None
    service: bool | None
    start: bool | None
    yes: bool

    def route(self) -> Route:
        """How to get to the server."""
        try:
            proxy = None if self.proxy is None else str(values.proxy(self.proxy))
        except ValueError as exc:
            raise ConfigError(f"--proxy: {exc}") from None
        ca_file = None if self.ca_file is None else os.path.abspath(self.ca_file)
        return Route.of("https:", ca_file, proxy, os.environ)


@dataclass(frozen=True)
class _Setup:
    """All that was found out, before anything is written."""

    server: Found
    route: Route
    token: NewToken
    study: StudyHead
    folder: str
    config: str

    def text(self, *, folder: str, token_file: str) -> str:
        """The configuration."""
        return written(
            Answers(
                server=self.server.url,
                study=self.study.uuid,
                folder=folder,
                token_file=token_file,
                allow_http=self.server.allow_http,
                ca_file=self.route.ca_file,
                proxy=self.route.proxy,
                about=f"the study “{escaped(self.study.title)}” (ID {self.study.id})",
            )
        )


@click.command("init")
@click.option("--server", metavar="URL", help="The address of JATOS, as in your browser.")
@click.option(
    "--token-file",
    metavar="FILE",
    help="A file with the token; - reads it from standard input. Otherwise $JATOSSYNC_TOKEN, "
    "or it is asked for.",
)
@click.option("--study", metavar="ID", help="The study's number or UUID in JATOS.")
@click.option("--folder", metavar="DIR", help="The folder with the study's files.")
@click.option(
    "--config",
    "config_path",
    metavar="FILE",
    help=f"The configuration to write; otherwise {IN_A_FOLDER} in the study folder.",
)
@click.option("--allow-http", is_flag=True, help="Send the token over http if there is no https.")
@click.option("--ca-file", metavar="FILE", help="A certificate authority to trust, in PEM.")
@click.option("--proxy", metavar="URL", help="The HTTP proxy through which JATOS is reached.")
@click.option("--service/--no-service", default=None, help="Install the service, or do not ask.")
@click.option("--start/--no-start", default=None, help="Start right away, or do not ask.")
@click.option("-y", "--yes", is_flag=True, help="Write the configuration without asking.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Set up the mirroring of one study, step by step.

    Asks what is not given as an option, looks at both sides, shows what would happen, and writes
    the configuration. Nothing is changed on JATOS.

    \b
    Example:
      cd ~/studies/stroop
      jatossync init
    """
    given = _Given(**options)
    try:
        setup = _find_out(given)
        only_there = _show_first_contact(setup)
        if not given.yes and can_ask():
            click.confirm(f"Write {short(setup.config)}?", default=True, abort=True)
    except (click.Abort, KeyboardInterrupt):
        click.echo("\njatossync: stopped; nothing was written", err=True)
        return exits.INTERRUPTED
    _write(setup)
    if only_there and not given.service and not given.start:
        note("\nThe folder is empty, and JATOS has the study. Go on with:")
        note("  jatossync pull              download it, and take it over")
        note("  jatossync run               from then on: your changes go up, until Ctrl-C")
        return 0
    return _go_on(ctx, setup.config, given.service, given.start)


def _find_out(given: _Given) -> _Setup:
    folder = os.path.expanduser(given.folder or os.curdir)
    likely = given.config_path or os.path.join(folder, IN_A_FOLDER)
    if os.path.lexists(likely):  # not after five questions
        raise _exists(os.path.abspath(likely))
    route = given.route()
    found = find_server(given.server, route, given.allow_http)
    token = find_token(found.url, route, given.token_file)
    study = choose(found.url, route, token.token, given.study, suggested=found.study)
    folder = ask(
        "--folder DIR", "Folder with the study's files", _study_folder, given.folder, _suggestion()
    )
    config = os.path.abspath(given.config_path or os.path.join(folder, IN_A_FOLDER))
    if os.path.lexists(config):
        raise _exists(config)
    return _Setup(found, route, token, study, folder, config)


def _study_folder(given: str) -> str:
    """The real path of the folder, which can be a study's."""
    with StudyFolder.open(os.path.expanduser(given)) as folder:
        return folder.path


def _suggestion() -> str | None:
    """Where the user stands, if that can be a study's folder."""
    try:
        return short(_study_folder(os.getcwd()))
    except (ConfigError, OSError):
        return None


def _show_first_contact(setup: _Setup) -> bool:
    """Whether only JATOS has files."""
    text = setup.text(folder=setup.folder, token_file=setup.token.path)
    note("\nComparing both sides; nothing is changed …")
    preview = first_contact(text, setup.token.token)
    done(preview.told)
    return preview.only_there


def _write(setup: _Setup) -> None:
    """Token and configuration, both or neither."""
    inside = os.path.dirname(setup.config) == setup.folder
    text = setup.text(
        folder=os.curdir if inside else setup.folder, token_file=short(setup.token.path)
    )
    if setup.token.is_new:
        write = replace if setup.token.replaces else create
        write(setup.token.path, setup.token.token.reveal() + "\n", PRIVATE)
    try:
        create(setup.config, text, ORDINARY)
    except JatossyncError:
        if setup.token.is_new and not setup.token.replaces:
            os.unlink(setup.token.path)
        raise
    wrote = [setup.config, *([setup.token.path] if setup.token.is_new else [])]
    done(f"wrote {' and '.join(short(path) for path in wrote)}")


def _go_on(ctx: click.Context, config: str, service: bool | None, start: bool | None) -> int:
    """Let it run for good or start it now, where that is wanted; else say how."""
    if service is None and not start and can_ask() and manager.is_here():
        service = click.confirm("Let it run in the background, also after a restart?", default=True)
    if service:
        from jatossync.cli.service import command as service_command

        ctx.invoke(service_command.commands["install"], config_path=config, yes=True)
        return 0
    if start is None and can_ask():
        start = click.confirm("Start now (until Ctrl-C)?", default=False)
    if start:
        from jatossync.cli import run

        code: int = ctx.invoke(run.command, config_path=config)
        return code
    note("\nGo on with:")
    note("  jatossync sync              bring JATOS up to date once")
    note("  jatossync run               and from now on, until Ctrl-C")
    note("  jatossync service install   or in the background, for good")
    return 0


def _exists(path: str) -> ConfigError:
    return ConfigError(
        f"there is a configuration {short(path)} already, and it is left as it is",
        "To look at it: jatossync check. To set up anew, move it away. For another study: "
        "--config FILE.",
    )
