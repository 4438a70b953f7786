"""`jatossync check`: is everything set up, and if not, what is missing?"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from tempfile import TemporaryDirectory

import click

from jatossync.cli import exits
from jatossync.cli.options import Volume, config_option, json_option, volume_options
from jatossync.cli.saying import short, tell_json
from jatossync.cli.setup import (
    alone_with,
    jatos_of,
    read_config,
    read_token,
    recognise,
    remembered,
)
from jatossync.cli.terminal import fitted
from jatossync.config import Config
from jatossync.core.jobs import Server, Stop, Stopped, Unavailable
from jatossync.core.passage import shown
from jatossync.core.paths import Dialect
from jatossync.daemon import UNREACHABLE_HINT, refusal
from jatossync.errors import JatossyncError, StateError, Unreachable
from jatossync.local.root import StudyFolder
from jatossync.log import escaped
from jatossync.remote.client import Jatos
from jatossync.remote.parse import StudyHead
from jatossync.remote.token import Token
from jatossync.state.store import FILE_NAME, start_over

PATHS_HINT = (
    "Files with it in their path are left out, so that they do not land on others. Rename them, or "
    "ask the administrator to let the web server in front of JATOS pass paths on unchanged "
    "(Apache: nocanon; nginx: proxy_pass without a path)."
)
MARGIN = 16 * " "
SOON_S = 7 * 24 * 3600

_VERSIONS = {
    Dialect.LEGACY: "JATOS 3.8 or 3.9",
    Dialect.ENVELOPE: "JATOS 3.10 or newer",
}


@click.command("check")
@config_option
@click.option(
    "--rebind",
    is_flag=True,
    help="Accept another server, study or folder than before, or give up a damaged state: "
    "the next start compares both sides anew and deletes nothing.",
)
@volume_options
@json_option
def command(config_path: str | None, rebind: bool, volume: Volume, as_json: bool) -> int:
    """Check configuration, folder, token, server and study, one by one.

    \b
    Example:
      jatossync check
    """
    report = _Report(volume, as_json)
    try:
        config = read_config(config_path)
    except JatossyncError as exc:
        report.bad("configuration", exc)
    else:
        report.good("configuration", short(config.path))
        _check(report, config, rebind)
    if as_json:
        told = {"code": report.code, "checks": report.checks, "studies": report.studies}
        tell_json(told)
    return report.code


def _check(report: _Report, config: Config, rebind: bool) -> None:
    with report.step("folder"), StudyFolder.open(config.folder) as folder:
        report.good("folder", short(folder.path))
        with report.step("state"):
            if rebind:
                _rebind(report, config, folder)
            else:
                _check_state(report, config, folder)
    token = None
    with report.step("token"):
        token = read_token(config)
        report.good("token", f"well-formed, from {token.source}")
    if token is not None:
        _check_remote(report, config, token)


def _check_state(report: _Report, config: Config, folder: StudyFolder) -> None:
    """Whether what is remembered belongs to this server and folder."""
    if not os.path.exists(os.path.join(config.state, FILE_NAME)):
        _try_to_write(config.state)
        report.good("state", f"{short(config.state)}, nothing remembered yet")
        return
    with remembered(config) as (store, _):
        recognise(config, folder, store)
    report.good("state", short(config.state))


def _try_to_write(directory: str) -> None:
    """
    Whether it could be made, or written: tried as near as something is, and nothing is left there.

    Raises:
        StateError: It could not.
    """
    place = directory
    while not os.path.lexists(place) and place != os.path.dirname(place):
        place = os.path.dirname(place)
    try:
        with TemporaryDirectory(prefix=".jatossync-", dir=place):
            pass
    except OSError as exc:
        raise StateError(
            f"nothing can be remembered in {short(directory)}: {short(place)}: {exc.strerror}",
            "Let jatossync write there, or name another place with `state:`.",
        ) from exc


def _rebind(report: _Report, config: Config, folder: StudyFolder) -> None:
    folder.lock()  # not under a running daemon
    with alone_with(config.state):
        moved = start_over(config.state)
    aside = f"; what was there is in {moved} now" if moved else ""
    report.good("state", f"starts over{aside}: the next start compares, and deletes nothing")


def _check_remote(report: _Report, config: Config, token: Token) -> None:
    with closing(jatos_of(config, token, workers=2)) as jatos, report.step("server"):
        answer = jatos.ask(config.study)
        if isinstance(answer, Unavailable):
            raise Unreachable(answer.reason, UNREACHABLE_HINT)
        if isinstance(answer, Stopped):
            _explain(report, config, answer, jatos)
        else:
            _describe(report, config, answer)


def _explain(report: _Report, config: Config, stopped: Stopped, jatos: Jatos) -> None:
    """JATOS answers, and refuses."""
    report.good("server", f"{config.server} is a JATOS")
    if stopped.stop in (Stop.STUDY_GONE, Stop.NO_ACCESS):
        report.good("token", "accepted")
        studies = jatos.studies()
        report.bad("study", refusal(stopped, config))
        for study in studies:
            report.study(study)
    else:
        report.bad("token", refusal(stopped, config))


def _describe(report: _Report, config: Config, server: Server) -> None:
    version = f"{_VERSIONS[server.dialect]}, API {server.api_version}"
    report.good("server", f"{config.server} ({version})")
    report.good("token", _expiry(server.token_expires_ms))
    report.good(
        "study", f"{escaped(server.study_title)} (ID {server.study_id}, {server.study_uuid})"
    )
    if server.changed_on_the_way:
        found = shown(server.changed_on_the_way)
        error = JatossyncError(
            f"not every path reaches JATOS as it is sent; what does not: {found}", PATHS_HINT
        )
        report.bad("paths", error, exits.DIFFERENCES)
    else:
        report.good("paths", "reach JATOS unchanged, whatever is in a name")
    if server.locked:
        hint = "Unlock it in JATOS; until then nothing is sent."
        report.bad("lock", JatossyncError("the study is locked", hint), exits.DIFFERENCES)
    else:
        report.good("lock", "the study is not locked")


def _expiry(expires_ms: int) -> str:
    if expires_ms == 0:
        return "accepted, never expires"
    left_s = expires_ms / 1000 - time.time()
    day = time.strftime("%Y-%m-%d", time.localtime(expires_ms / 1000))
    soon = f", in {left_s / 86400:.0f} days: make a new one soon" if left_s < SOON_S else ""
    return f"accepted, expires on {day}{soon}"


class _Report:
    """A line with ✓ or ✗ per thing that was checked; the exit code is the first failure's."""

    def __init__(self, volume: Volume, as_json: bool) -> None:
        self.code = 0
        self.checks: list[dict[str, object]] = []
        self.studies: list[dict[str, object]] = []
        """Those that the token sees, where the configured one is not among them."""
        self._echo = (lambda _: None) if as_json else click.echo
        self._good = volume != "quiet"

    def good(self, name: str, text: str) -> None:
        self.checks.append({"name": name, "ok": True, "text": text, "hint": None})
        if self._good:
            self._echo(f"{click.style('✓', fg='green')} {name:<13} {_indented(text)}")

    def bad(self, name: str, error: JatossyncError, code: int | None = None) -> None:
        hint = error.hint or None
        self.checks.append({"name": name, "ok": False, "text": error.message, "hint": hint})
        self._echo(f"{click.style('✗', fg='red')} {name:<13} {_indented(error.message)}")
        if error.hint:
            self._echo(f"{MARGIN}{_indented('→ ' + error.hint)}")
        self.code = self.code or code or error.exit_code

    def study(self, study: StudyHead) -> None:
        self.studies.append({"uuid": study.uuid, "id": study.id, "title": study.title})
        self._echo(f"      this token sees: {study.uuid}  {escaped(study.title)} (ID {study.id})")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """What fails in here is told under `name`, and the next step goes on."""
        try:
            yield
        except JatossyncError as exc:
            self.bad(name, exc)


def _indented(text: str) -> str:
    """As it fits beside the names."""
    lines = "\n".join(MARGIN + line for line in text.split("\n"))
    return fitted(lines, sys.stdout, MARGIN).removeprefix(MARGIN)
