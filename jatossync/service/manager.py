"""The service manager: systemd, asked through its own commands."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from jatossync.errors import JatossyncError
from jatossync.service.units import Scope

BOOTED = "/run/systemd/system"
"""There, and nowhere else, systemd says that it runs this computer. Source: sd_booted(3)."""


def is_here() -> bool:
    """Whether systemd runs this computer."""
    return os.path.isdir(BOOTED)


def run(command: Sequence[str]) -> str:
    """
    What the command printed.

    Raises:
        JatossyncError: It failed, with what it said.
    """
    try:
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, check=False
        )
    except OSError as exc:
        raise JatossyncError(f"{command[0]} cannot be started: {exc.strerror}") from exc
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise JatossyncError(f"`{' '.join(command)}` failed: {said}")
    return done.stdout


def show(command: Sequence[str]) -> int:
    """Let the command print for itself; its exit code."""
    return subprocess.run(command, env=environment(), check=False).returncode


def environment() -> dict[str, str]:
    """Ours, with the way to this user's manager where a `su` or `sudo -u` has lost it."""
    found = dict(os.environ)
    if hasattr(os, "getuid"):
        runtime = f"/run/user/{os.getuid()}"
        if "XDG_RUNTIME_DIR" not in found and os.path.isdir(runtime):
            found["XDG_RUNTIME_DIR"] = runtime
    return found


def property_of(scope: Scope, unit: str, name: str) -> str:
    """One property of a unit, such as `StatusText`."""
    return run([*scope.systemctl, "show", unit, f"--property={name}", "--value"]).strip()
