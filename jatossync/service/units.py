"""
The units: whose service it is, the files that systemd reads, and how things are written in them.

The units themselves are the files of systemd/, as they are; what is particular to a study (whose
files, which folder, which Python) is a drop-in beside them. Source: systemd.unit(5),
systemd.syntax(7), systemd.exec(5), and tests/boot, which starts them under a real systemd.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from jatossync.errors import ConfigError

GROUP = "jatossync"
"""Its members may use all commands against a system service."""

DROP_IN = "50-jatossync.conf"

_MARK = "# Written by `jatossync service install`; `jatossync service uninstall` removes it."
_TEMPLATE = "jatossync@.service"
_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Scope:
    """Whose service it is: the machine's, which starts at boot, or a user's own."""

    system: bool

    @property
    def systemctl(self) -> list[str]:
        """The command that speaks to the manager of these services."""
        return ["systemctl"] if self.system else ["systemctl", "--user"]

    @property
    def directory(self) -> str:
        """Where the units of administrators, or of this user, lie."""
        if self.system:
            return "/etc/systemd/system"
        home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        return os.path.join(home, "systemd", "user")

    @property
    def template(self) -> str:
        """Where the template unit lies."""
        return os.path.join(self.directory, _TEMPLATE)

    def drop_in(self, name: str) -> str:
        """Where what is particular to a study lies."""
        return os.path.join(self.directory, f"{unit(name)}.d", DROP_IN)

    def template_text(self) -> str:
        """The template unit, as it lies in systemd/."""
        top = resources.files("jatossync.service") / "systemd"
        return ((top if self.system else top / "user") / _TEMPLATE).read_text("utf-8")


@dataclass(frozen=True)
class Particulars:
    """What a study's drop-in says; paths are absolute."""

    program: Sequence[str]
    """The command line of jatossync, as it is installed."""
    config: str
    folder: str
    mount: str = os.sep
    """Where the disk that holds the folder is mounted."""
    user: str | None = None
    """Who runs a system service; None: the manager's own user."""
    groups: Sequence[str] = ()
    encrypted_token: str | None = None
    """The file of an encrypted credential."""


def unit(name: str) -> str:
    """
    The unit of the study called `name`.

    Raises:
        ConfigError: systemd would take such a name for something else.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name for a service",
            "Use letters, digits and . _ - in it, for example: --name stroop",
        )
    return f"jatossync@{name}.service"


def drop_in_text(scope: Scope, study: Particulars) -> str:
    """What is particular to a study, as systemd reads it."""
    command = [*study.program, "run", "--config", study.config]
    lines = [_MARK, "[Service]", "ExecStart="]
    lines.append("ExecStart=" + " ".join(map(argument, command)))
    if scope.system:
        lines += [f"User={study.user}"] if study.user else []
        lines += [f"SupplementaryGroups={group}" for group in study.groups]
        if hidden(study.folder):
            lines += [
                "# All that it sees of the homes.",
                f"BindReadOnlyPaths={quoted(study.folder)}",
            ]
        if study.encrypted_token:
            # Without quotes, which this setting takes for part of the name.
            lines += ["LoadCredential=", f"LoadCredentialEncrypted=token:{study.encrypted_token}"]
        lines += [
            "[Unit]",
            "# Not before the disk that holds the folder.",
            f"RequiresMountsFor={quoted(study.folder)}",
        ]
    if study.mount != os.sep:
        lines += [
            "[Install]",
            "# A disk that comes later starts it.",
            f"WantedBy={mount_unit(study.mount)}",
        ]
    return "\n".join(lines) + "\n"


def is_ours(text: str) -> bool:
    """Whether a drop-in was written by `service install`."""
    return text.startswith(_MARK)


def hidden(path: str) -> bool:
    """Whether a system service does not see `path` unless it is let in (ProtectHome=tmpfs)."""
    return any(f"{path}/".startswith(f"{top}/") for top in ("/home", "/root", "/run/user"))


def temporary(path: str) -> bool:
    """Whether a system service has another directory of its own there (PrivateTmp=yes)."""
    return any(f"{path}/".startswith(f"{top}/") for top in ("/tmp", "/var/tmp"))  # noqa: S108


def quoted(value: str) -> str:
    """A path in a unit: in quotes, and no `%` that would stand for something."""
    text = value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"'


def argument(value: str) -> str:
    """An argument of ExecStart=, where `$` has a meaning too."""
    return quoted(value).replace("$", "$$")


def mount_unit(path: str) -> str:
    """
    The unit of the disk that is mounted at `path`, as `systemd-escape --path` names it.
    """
    inner = path.strip("/")
    if not inner:
        return "-.mount"
    escaped = "".join(
        "-" if char == "/" else char if _plain(char, at) else _hex(char)
        for at, char in enumerate(inner)
    )
    return f"{escaped}.mount"


def _plain(char: str, at: int) -> bool:
    return (char.isascii() and char.isalnum()) or char in ":_" or (char == "." and at > 0)


def _hex(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(char))
