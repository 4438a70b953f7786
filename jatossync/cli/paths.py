"""
Paths as somebody who stands somewhere reads and writes them, like git's.

Whoever stands in the study folder, or above it, sees and gives paths from where they stand:
`../js/task.js`. Everybody else sees and gives them from the study folder on: `js/task.js`. What is
shown can always be given.
"""

from __future__ import annotations

import os

import click

from jatossync.core.paths import ROOT, BadPath, RelPath, rel_path


class Standing:
    """
    Where the user stands, seen from one study folder.

    Args:
        folder: The study folder; it may be missing.
        cwd: The directory the user is in; None where it is gone.
    """

    def __init__(self, folder: str, cwd: str | None = None) -> None:
        self._folder = os.path.realpath(folder)
        self._written = os.path.normpath(folder)
        self._cwd = os.path.realpath(cwd) if cwd is not None else _here()
        self._near = _inside(self._cwd, self._folder) or _inside(self._folder, self._cwd)

    def shown(self, path: RelPath) -> str:
        """A path of the study, for reading; not yet escaped for the terminal."""
        if not self._near:
            return path or "."
        return os.path.relpath(os.path.join(self._folder, *path.split("/")), self._cwd)

    def meant(self, given: str) -> RelPath:
        """
        The path of the study that the user gave; the folder itself is ROOT.

        Raises:
            click.BadParameter: It leads out of the study folder, or is no path.
        """
        below = self._below(os.path.normpath(os.path.join(self._cwd, given)))
        if below is None and not os.path.isabs(given):
            below = self._below(os.path.normpath(os.path.join(self._folder, given)))
        if below is None:
            raise click.BadParameter(f"{given} is not in the study folder {self._folder}")
        try:
            return rel_path(os.fsencode(below.replace(os.sep, "/"))) if below else ROOT
        except BadPath as exc:
            raise click.BadParameter(f"{given}: {exc}") from exc

    def file(self, given: str) -> RelPath:
        """
        As `meant`, for a file: not the folder itself.

        Raises:
            click.BadParameter: It is no file of the study.
        """
        path = self.meant(given)
        if path == ROOT:
            raise click.BadParameter(f"{given} is the study folder itself; name files in it")
        return path

    def _below(self, path: str) -> str | None:
        """`path` from the study folder on; None where it does not lie in it."""
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        for candidate, top in ((path, self._folder), (path, self._written), (real, self._folder)):
            if _inside(candidate, top):
                below = os.path.relpath(candidate, top)
                return "" if below == os.curdir else below
        return None


def _inside(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip(os.sep) + os.sep)


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return os.sep
