"""How commands that change single files begin: who is there, and what would a `sync` do?"""

from __future__ import annotations

from jatossync.cli.course import until_finished
from jatossync.cli.progress import Progress
from jatossync.cli.setup import remark
from jatossync.core.jobs import Stop, Stopped, Unavailable
from jatossync.daemon import UNREACHABLE_HINT, Daemon, refusal
from jatossync.errors import Unreachable
from jatossync.jobs import Sides
from jatossync.remote.client import Assets


def meet(sides: Sides) -> Assets:
    """
    The study's assets, once it is sure which study, server and folder this is.

    Raises:
        Unreachable: Nobody answers.
        Denied, ConfigError: JATOS refuses.
        StateError: The state belongs to something else.
    """
    answer = sides.jatos.ask(sides.config.study)
    if isinstance(answer, Unavailable):
        raise Unreachable(answer.reason, UNREACHABLE_HINT)
    if isinstance(answer, Stopped):
        raise refusal(answer, sides.config)
    for note in sides.bind(answer):
        remark(note)
    return sides.jatos.assets(answer)


def rehearse(sides: Sides, shown: Progress) -> Daemon:
    """
    Compare both sides and decide, without changing anything.

    Raises:
        Unreachable, Denied, ConfigError, StateError: It cannot be known.
    """
    daemon = Daemon(sides, lambda _: None, dry_run=True)
    daemon.run(watch=False, until=until_finished(daemon, sides, shown))
    trouble = daemon.engine.link.trouble
    if isinstance(trouble, Stopped) and trouble.stop is not Stop.LOCKED:
        raise refusal(trouble, sides.config)
    return daemon
