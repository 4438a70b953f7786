"""Where things lie by default."""

from __future__ import annotations

import hashlib
import os
import re

import platformdirs

IN_A_FOLDER = "jatossync.yaml"
"""The name of a configuration that lies in the study folder or above it."""

AT_HOME = "~/.config/jatossync/config.yaml"


def default_state(config: str) -> str:
    """
    The state directory of the configuration with this real path.

    `$STATE_DIRECTORY` (systemd) if set, else one for each configuration in the platform's place for
    such data: `~/.local/state/jatossync/stroop-1f0c55aa`.

    Raises:
        ValueError: There is no such place.
    """
    given = os.environ.get("STATE_DIRECTORY", "").split(os.pathsep)[0]
    if given:
        return os.path.abspath(given)
    top = platformdirs.user_state_path("jatossync", appauthor=False)
    if not top.is_absolute():
        raise ValueError(
            "there is no home directory to keep it in; add for example "
            "state: /var/lib/jatossync/stroop"
        )
    digest = hashlib.sha256(os.fsencode(os.path.normcase(config))).hexdigest()
    return str(top / f"{_readable_name(config)}-{digest[:8]}")


def _readable_name(config: str) -> str:
    """The file's name, or its directory's where the file has the name that all have."""
    directory, name = os.path.split(config)
    stem = os.path.splitext(name)[0]
    if stem in ("jatossync", "config"):
        stem = os.path.basename(directory)
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.")[:40] or "study"
