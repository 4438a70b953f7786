"""From a configuration to both sides, opened: what every command that works begins with."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

from jatossync import log
from jatossync.config import Config, Places, find_config, load
from jatossync.core.paths import ROOT
from jatossync.errors import AlreadyRunning, ConfigError
from jatossync.jobs import DIRECTORY, Sides
from jatossync.local.identity import Identity
from jatossync.local.lock import lock
from jatossync.local.root import StudyFolder
from jatossync.local.scan import Scanner
from jatossync.remote.client import Jatos
from jatossync.remote.route import Route
from jatossync.remote.token import Token, find_token
from jatossync.state.sharing import allow
from jatossync.state.store import Store
from jatossync.state.trash import Trash

LOCK = "alone.lock"
"""In the state directory; it stays there, locked or not."""


def read_config(config_path: str | None) -> Config:
    """The configuration, with its harmless notes said."""
    log.setup("warning", "console", sys.stderr)  # what libraries have to say, without secrets
    config = load(find_config(config_path))
    for note in config.notes:
        remark(note)
    return config


def places_of(config: Config) -> Places:
    """Where this study's daemon and state are."""
    return Places(config.path, config.folder, config.state)


def read_token(config: Config) -> Token:
    """The token, with warnings about where it comes from said."""
    inline = config.token.get_secret_value() if config.token else None
    try:
        token, warnings = find_token(config.token_file, inline, os.environ)
    except ConfigError as exc:
        if config.token_file is None and inline is None:
            exc.hint = _handed_over(config) or exc.hint
        raise
    for warning in warnings:
        remark(warning)
    return token


def _handed_over(config: Config) -> str | None:
    """What to know where systemd has the token, and only the service is given it."""
    from jatossync.cli.service import checks

    place = checks.credential(checks.name_for(config.path))
    return place and (
        f"systemd hands the one in {place} to the service alone: `jatossync status` says whether "
        "JATOS accepts it. Other commands take one from $JATOSSYNC_TOKEN."
    )


@contextmanager
def opened(
    config: Config, *, alone: bool, state: str | None = None, token: Token | None = None
) -> Iterator[Sides]:
    """
    Both sides and the state, closed again at the end.

    Args:
        alone: Refuse to work while another jatossync mirrors this folder, or with this state.
        state: Instead of the configured state directory.
        token: Instead of the configured one.
    """
    token = token or read_token(config)
    state = state or config.state
    with ExitStack() as stack:
        folder = stack.enter_context(StudyFolder.open(config.folder))
        if alone:
            folder.lock()
        own_files = [config.path, config.state, *([config.token_file] if config.token_file else [])]
        scanner = Scanner(folder, config.ignore, config.publish, own_files)
        jatos = jatos_of(config, token, config.upload.workers)
        stack.callback(jatos.close)
        store = Store(state)
        stack.callback(store.close)
        if alone:
            stack.enter_context(alone_with(state))
        recognise(config, folder, store)
        trash = trash_of(config, state)
        yield Sides(config, folder, scanner, jatos, token, store, trash)


@contextmanager
def alone_with(state: str) -> Iterator[None]:
    """
    Keep all others who would be alone with this state away from it.

    The folder's own lock may be one that they do not see: on some disks it is a file among the
    temporary ones, of which a service has a directory of its own. What works beside a daemon on
    purpose asks for neither.

    Raises:
        AlreadyRunning: Somebody is.
    """
    descriptor = None
    free = True
    # Where it cannot be made or locked the folder's lock has to do; what is wrong with the place,
    # the state in it says.
    with suppress(OSError):
        place = os.path.join(state, LOCK)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(place, flags, 0o600)
        free = lock(descriptor)
        allow(place)
    try:
        if not free:
            raise AlreadyRunning(
                f"another jatossync uses the state {state}",
                "That may be your service: `jatossync status` shows what it does. Stop it first, "
                "or give each configuration a `state:` of its own.",
            )
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def jatos_of(config: Config, token: Token, workers: int) -> Jatos:
    """
    The configured JATOS, by the configured way.

    Raises:
        ConfigError: A certificate cannot be used.
    """
    route = Route.of(config.server, config.tls.ca_file, config.proxy, os.environ)
    return Jatos(config.server, token, workers, route)


def trash_of(config: Config, state: str) -> Trash:
    """The trash beside this state."""
    return Trash(os.path.join(state, "trash"), config.trash.max_size_bytes)


@contextmanager
def remembered(config: Config) -> Iterator[tuple[Store, Trash]]:
    """What is known without asking JATOS or looking at the folder: state and trash."""
    with closing(Store(config.state)) as store:
        yield store, trash_of(config, config.state)


def recognise(config: Config, folder: StudyFolder, store: Store) -> None:
    """
    Make sure that server and folder are those this state was made for: before JATOS is asked.

    Raises:
        StateError, ConfigError: It is another one.
    """
    store.expect(server=config.server, folder=folder.path)
    told = store.remembered(DIRECTORY)
    if told is not None:
        known = Identity.parse(told)
        folder.recognise(known, lambda path: bool(store.rows([path])))
        now = str(folder.identity.to_remember(known))
        if now != told and not folder.is_doubtful(lambda: store.rows([ROOT]).values()):
            store.remember(DIRECTORY, now)


def remark(text: str) -> None:
    """Something the user should know that is no error."""
    log.complain(f"jatossync: {text}", "warning")
