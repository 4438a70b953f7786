"""Where things lie: the configuration, and by default the state."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator

from jatossync.config.document import HOW_TO_START
from jatossync.errors import ConfigError

IN_A_FOLDER = "jatossync.yaml"
"""The name of a configuration that lies in the study folder or above it."""

AT_HOME = "~/.config/jatossync/config.yaml"


def find_config(given: str | None) -> str:
    """
    The path of the configuration: `--config`, or the first of the usual places that has one.

    That is `jatossync.yaml` where the user stands or in a directory above, as with git, and then
    the one in the home directory.

    Raises:
        ConfigError: None is given, and none is there.
    """
    if given is not None:
        return given
    if os.path.lexists(IN_A_FOLDER):
        return IN_A_FOLDER
    at_home = os.path.expanduser(AT_HOME)
    for path in (*_above(), at_home):
        if os.path.lexists(path):
            return path
    raise ConfigError(
        f"there is no configuration: no {IN_A_FOLDER} here or in a folder above, and no {AT_HOME}",
        HOW_TO_START + "; or name a configuration with --config",
    )


def _above() -> Iterator[str]:
    """
    Where a configuration may lie above the working directory.

    Only the user's own: what somebody else put into /tmp must not choose where a token is sent.
    """
    try:
        directory = os.getcwd()
    except OSError:
        return
    while (above := os.path.dirname(directory)) != directory:
        directory = above
        path = os.path.join(directory, IN_A_FOLDER)
        if _is_own(path):
            yield path


def _is_own(path: str) -> bool:
    try:
        owner = os.stat(path).st_uid
    except OSError:
        return False
    return os.name == "nt" or owner == os.getuid()


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
    import platformdirs  # takes a while, and those who set `state:` do not need it

    top = platformdirs.user_state_path("jatossync", appauthor=False)
    if not top.is_absolute():
        raise ValueError(
            "there is no home directory to keep it in; add for example "
            "state: /var/lib/jatossync/stroop"
        )
    digest = hashlib.sha256(os.fsencode(os.path.normcase(config))).hexdigest()
    return str(top / f"{readable_name(config)}-{digest[:8]}")


def readable_name(config: str) -> str:
    """The file's name, or its directory's where the file has the name that all have."""
    directory, name = os.path.split(config)
    stem = os.path.splitext(name)[0]
    if stem in ("jatossync", "config"):
        stem = os.path.basename(directory)
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.")[:40] or "study"
