"""What cannot work as a service is refused before anything is written, with what to do instead."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jatossync.config import Config
from jatossync.config.document import parse, read_text
from jatossync.config.editing import has_option
from jatossync.config.places import readable_name
from jatossync.errors import ConfigError, JatossyncError
from jatossync.local.root import StudyFolder
from jatossync.service import manager
from jatossync.service.units import GROUP, Scope, hidden, temporary

if TYPE_CHECKING:  # Windows has neither
    import grp
    import pwd

PROGRAM = [sys.executable, "-P", "-m", "jatossync"]
"""The interpreter that jatossync is installed for; with -P it never takes a copy that lies in the
current directory instead."""

_OUTSIDE = (
    "Install it where services see it: sudo python3 -m venv /opt/jatossync, then in a clone "
    "sudo /opt/jatossync/bin/pip install . and call /opt/jatossync/bin/jatossync."
)
_FOR_GOOD = "Install it for good, with `pipx install .` or `uv tool install .` in a clone."
_CREDENTIALS = "/etc/credstore/jatossync-{}", "/etc/credstore.encrypted/jatossync-{}"


def systemd_needed(scope: Scope) -> None:
    """
    Refuse where no systemd could run the service, or where this user may not set it up.

    Raises:
        JatossyncError: With the way to keep it running otherwise.
    """
    if sys.platform != "linux":
        raise JatossyncError(
            "services are set up with systemd, which is only on Linux",
            "Keep it running in the background like this: " + _background(),
        )
    if not manager.is_here():
        raise JatossyncError(
            "this computer is not run by systemd (a container, or another init)",
            "Let your init run `jatossync run`, or keep it running like this: " + _background(),
        )
    if scope.system and os.geteuid() != 0:
        raise JatossyncError(
            "a service of the whole machine is set up by root",
            "Put sudo before the command, or use --user for a service of your own.",
        )


def _background() -> str:
    if sys.platform == "win32":
        return (
            "in the Task Scheduler make a task “At log on” that starts "
            f"{sys.executable} -m jatossync run --config FILE"
        )
    return "nohup jatossync run --config FILE >> ~/jatossync.log 2>&1 &"


def program_needed(scope: Scope) -> None:
    """
    Refuse a Python that is gone tomorrow, or that a service cannot see.

    Raises:
        JatossyncError: jatossync is not installed in a way that lasts.
    """
    places = [sys.prefix, sys.base_prefix, os.path.realpath(sys.executable)]
    if any(f"{os.sep}.cache{os.sep}" in place or _is_temporary(place) for place in places):
        raise JatossyncError(
            f"this jatossync is a passing one ({sys.prefix})",
            _FOR_GOOD,
        )
    lost = [place for place in places if hidden(place)]
    if scope.system and lost:
        raise JatossyncError(
            f"a service of the system does not see the home directory that Python is in: {lost[0]}",
            _OUTSIDE,
        )
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    alone = subprocess.run(
        [*PROGRAM, "--version"], cwd=os.sep, env=environ, capture_output=True, check=False
    )
    if alone.returncode:
        raise JatossyncError(
            f"jatossync is not installed for {sys.executable}: it only runs in this directory",
            _FOR_GOOD,
        )


def _is_temporary(path: str) -> bool:
    return temporary(path) or f"{path}{os.sep}".startswith(tempfile.gettempdir() + os.sep)


def folder_needed(config: Config) -> str:
    """
    The folder's real path.

    Raises:
        ConfigError: It cannot be mirrored.
    """
    with StudyFolder.open(config.folder) as folder:
        return folder.path


@dataclass(frozen=True)
class Runner:
    """The user that a system service runs as, and what that user can do."""

    user: str
    groups: tuple[str, ...]
    reads: Callable[[str], bool]
    """Whether this user can read a file; or a directory, once led past those above it."""


def runner(user: str | None, folder: str) -> Runner:
    """
    Who is to run a system service: the given user, or the owner of the folder.

    Raises:
        ConfigError: There is no such user, or no group for those who may use commands.
    """
    import grp

    group = _commanders()
    account = _account(user, os.stat(folder).st_uid)
    groups = os.getgrouplist(account.pw_name, account.pw_gid)

    def reads(path: str) -> bool:
        held = os.open(path, os.O_RDONLY)
        try:
            return not subprocess.run(
                ["test", "-r", f"/proc/self/fd/{held}"],
                user=account.pw_uid,
                group=group.gr_gid,
                extra_groups=groups,
                pass_fds=[held],
                check=False,
            ).returncode
        finally:
            os.close(held)

    primary = grp.getgrgid(account.pw_gid).gr_name
    return Runner(account.pw_name, () if primary == GROUP else (primary,), reads)


def _commanders() -> grp.struct_group:
    """The group of those who may use commands."""
    import grp

    try:
        return grp.getgrnam(GROUP)
    except KeyError:
        raise ConfigError(
            f"there is no group {GROUP}, for those who may command the service",
            f"Make it, and add yourself: sudo groupadd --system {GROUP} && "
            f"sudo usermod --append --groups {GROUP} NAME",
        ) from None


def _account(user: str | None, owner: int) -> pwd.struct_passwd:
    """The given user, or the owner of the folder; for root's folder a user of the service's own."""
    import pwd

    try:
        found = pwd.getpwnam(user) if user else pwd.getpwuid(owner) if owner else None
        found = found or pwd.getpwnam(GROUP)
    except KeyError:
        missing = user or (str(owner) if owner else GROUP)
        raise ConfigError(
            f"there is no user {missing} on this computer",
            "Name the user that is to read the study's files with --as. A user for it alone: "
            f"sudo useradd --system --gid {GROUP} --home-dir /nonexistent {GROUP}",
        ) from None
    if found.pw_uid == 0:
        raise ConfigError("it does not run as root", "Name another user with --as.")
    return found


def visible(config: Config, folder: str, state: str, name: str, runs: Runner) -> None:
    """
    Refuse a configuration that means something else to a system service, or that it cannot use.

    Raises:
        ConfigError: With what to change.
    """
    _plain_paths(config)
    for what, path in (("configuration", config.path), ("token file", config.token_file)):
        if path is None or (what == "token file" and credential(name)):
            continue
        kept = f"/etc/jatossync/{name}{'.token' if what == 'token file' else '.yaml'}"
        if hidden(path) or temporary(path):
            raise ConfigError(
                f"the {what} {path} lies where a service of the system does not see it",
                f"Move it to {kept}, for {runs.user} to read.",
            )
        if not runs.reads(path):
            raise ConfigError(
                f"{runs.user}, who is to run the service, cannot read the {what} {path}",
                f"sudo chown {runs.user} {path} && sudo chmod 600 {path}"
                if what == "token file"
                else f"sudo chgrp {GROUP} {path} && sudo chmod 640 {path}",
            )
    if temporary(folder):
        raise ConfigError(
            f"the folder {folder} lies where a service of the system does not see it",
            "Move the study to another place.",
        )
    if not runs.reads(folder):
        raise ConfigError(
            f"{runs.user}, who is to run the service, cannot read the folder {folder}",
            "Name the user who owns the files with --as.",
        )
    if has_option(config.path, "state") and config.state != state:
        raise ConfigError(
            f"a service of the system keeps its state in {state}, and `state:` says {config.state}",
            "Remove that line; `service install` writes the right one. What was remembered is "
            "found again by comparing.",
        )


def _plain_paths(config: Config) -> None:
    """`~` is another directory for another user."""
    written = parse(read_text(config.path), config.path).values
    for key in ("folder", "token_file", "state"):
        value = str(written.get(key, ""))
        if value.startswith("~") or "$" in value:
            raise ConfigError(
                f"{config.path}: {key}: {value} is another place for the service's user",
                "Write the whole path, from the / on.",
            )


def name_for(config: str) -> str:
    """The name of a configuration's service: its own, as far as a unit can have it."""
    readable = readable_name(config)
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", readable).strip("-") or "study"


def credential(name: str) -> str | None:
    """The token file that systemd hands to the service, if root has put one there."""
    found = (place.format(name) for place in _CREDENTIALS)
    return next((place for place in found if os.path.exists(place)), None)
