"""Which git commit the folder is at: what cannot be found out later."""

from __future__ import annotations

import os
import subprocess

from jatossync.core.model import GitState

_TIMEOUT_S = 10


def git_state(folder: str) -> GitState:
    """The commit of the work tree that `folder` lies in, and whether files in it differ from it."""
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if commit is None:
        return GitState(None, None)
    changed = _git(folder, "status", "--porcelain", "--", ".")
    return GitState(commit, None if changed is None else bool(changed))


def _git(folder: str, *arguments: str) -> str | None:
    """What git says; None where there is no git, no repository, or no answer in time."""
    try:
        answer = subprocess.run(
            ["git", "-C", folder, *arguments],
            capture_output=True,
            check=True,
            timeout=_TIMEOUT_S,
            # Without this, status takes the index's lock and disturbs the user's own git.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode(errors="replace").strip()
