"""`jatossync open`: the study in the browser."""

from __future__ import annotations

import os
import subprocess
import sys
import webbrowser
from contextlib import closing

import click

from jatossync.cli.options import config_option
from jatossync.cli.paths import Standing
from jatossync.cli.setup import jatos_of, read_config, read_token
from jatossync.config import Config
from jatossync.core.jobs import Stopped, Unavailable
from jatossync.core.paths import RelPath
from jatossync.daemon import UNREACHABLE_HINT, refusal
from jatossync.errors import JatossyncError, Unreachable
from jatossync.log import escaped
from jatossync.remote.parse import Component, StudyPages


@click.command("open")
@click.argument("page", required=False, metavar="[PAGE]")
@config_option
@click.option("--jatos", "in_jatos", is_flag=True, help="The study's page in JATOS instead.")
@click.option("--folder", "in_folder", is_flag=True, help="The study's folder instead.")
@click.option("--print", "print_only", is_flag=True, help="Only print the address.")
def command(
    page: str | None, config_path: str | None, in_jatos: bool, in_folder: bool, print_only: bool
) -> int:
    """Run the study in your browser, as its researcher.

    With PAGE, a file of the study folder, the component that uses this page. You must be signed in
    to JATOS. The address is printed too; where there is no screen it is only printed.

    \b
    Examples:
      jatossync open
      jatossync open task.html
      jatossync open --jatos
    """
    if sum((page is not None, in_jatos, in_folder)) > 1:
        raise click.UsageError("PAGE, --jatos and --folder are different things; give one of them")
    config = read_config(config_path)
    if in_folder:
        click.echo(escaped(config.folder))
        if not print_only and _has_screen():
            _show_folder(config.folder)
        return 0
    address = _address(config, page, in_jatos)
    click.echo(address)
    if not print_only and (_has_screen() or os.environ.get("BROWSER")):
        webbrowser.open(address)
    return 0


def _address(config: Config, page: str | None, in_jatos: bool) -> str:
    """Source: jatos-api.md, "The researcher's own run"."""
    wanted = None if page is None else Standing(config.folder).meant(page)
    study = _asked(config)
    base = f"{config.server}/jatos/{study.id}"
    if in_jatos:
        return base
    return f"{base}/run" if wanted is None else f"{base}/{_component(study, wanted).id}/run"


def _asked(config: Config) -> StudyPages:
    with closing(jatos_of(config, read_token(config), workers=1)) as jatos:
        found = jatos.pages(config.study)
    if isinstance(found, Unavailable):
        raise Unreachable(found.reason, UNREACHABLE_HINT)
    if isinstance(found, Stopped):
        raise refusal(found, config)
    return found


def _component(study: StudyPages, page: RelPath) -> Component:
    """The first component that uses the page; where several do, JATOS's own page has them all."""
    for component in study.components:
        if component.page == page:
            return component
    pages = sorted({component.page for component in study.components if component.page})
    raise JatossyncError(
        f"no component of “{escaped(study.title)}” uses the page {escaped(page or '.')}",
        f"Its pages are: {', '.join(map(escaped, pages))}"
        if pages
        else "It has no component yet; make one in JATOS: jatossync open --jatos",
    )


def _has_screen() -> bool:
    """Whether a window would be seen by whoever typed the command."""
    if sys.platform in ("win32", "darwin"):
        return "SSH_CONNECTION" not in os.environ
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))


def _show_folder(folder: str) -> None:
    if sys.platform == "win32":
        os.startfile(folder)  # noqa: S606
        return
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    try:
        subprocess.run([opener, folder], check=False, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        raise JatossyncError(
            "there is no program here that opens a folder", "Install xdg-utils."
        ) from None
