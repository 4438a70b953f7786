"""Git around the folder: which commit it is at, and whether git is at work there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress

from jatossync.core.jobs import GitState

_TIMEOUT_S = 10
_PATH_CHARACTERS = 4096


def git_state(folder: str) -> GitState:
    """The commit of the work tree that `folder` lies in, and whether files in it differ from it."""
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if commit is None:
        return GitState(None, None)
    changed = _git(folder, "status", "--porcelain", "--", ".")
    return GitState(commit, None if changed is None else bool(changed))


_SIGNS = ("index.lock", "rebase-merge", "rebase-apply")
"""What is in a repository while git changes its work tree (rebase-apply: also `git am`)."""


def operations(folder: str) -> frozenset[str]:
    """
    What git is doing in the work trees that `folder` lies in, each with a name of its own.

    One that ends and another that begins have different names, as far as their inodes differ.
    """
    found = set()
    for repository in _repositories(folder):
        for sign in _SIGNS:
            path = os.path.join(repository, sign)
            with suppress(OSError):
                found.add(f"{path}:{os.lstat(path).st_ino}")
    return frozenset(found)


def _repositories(folder: str) -> Iterator[str]:
    """The repositories of the work trees at and above `folder`."""
    here = folder
    while True:
        git = os.path.join(here, ".git")
        if os.path.isdir(git):
            yield git
        elif os.path.isfile(git):  # a submodule, or one of several work trees
            with suppress(OSError, UnicodeDecodeError), open(git, encoding="utf-8") as file:
                target = file.read(_PATH_CHARACTERS).strip().removeprefix("gitdir: ")
                yield os.path.join(here, target)
        above = os.path.dirname(here)
        if above == here:
            return
        here = above


_OF_A_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
"""What a git that runs us as its hook says of its own repository."""


def _git(folder: str, *arguments: str) -> str | None:
    """What git says; None where there is no git, no repository, or no answer in time."""
    environment = {name: it for name, it in os.environ.items() if name not in _OF_A_REPOSITORY}
    # Without this, status takes the index's lock and disturbs the user's own git.
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    try:
        answer = subprocess.run(
            ["git", "-C", folder, *arguments],
            capture_output=True,
            check=True,
            timeout=_TIMEOUT_S,
            env=environment,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode(errors="replace").strip()
