"""
Finding out which characters of a path reach JATOS unchanged, without touching anything.

One GET of a name that does not exist, with every awkward character in it: JATOS's 404 names the
path as it understood it (jatos-api.md, surprise 14). If the whole does not come back, by halves.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from jatossync.core.jobs import Stopped, Unavailable
from jatossync.core.passage import DOUBTFUL, samples
from jatossync.core.paths import Dialect, RelPath
from jatossync.remote import answers
from jatossync.remote.answers import Answer

TRIES = 3
"""So often a name is asked for that gets no answer while plain ones do."""

Get = Callable[[RelPath], Answer | Unavailable]


class _Interrupted(Exception):  # noqa: N818  (named for what happened)
    def __init__(self, trouble: Unavailable | Stopped) -> None:
        super().__init__(trouble.reason)
        self.trouble = trouble


def changed_on_the_way(get: Get, dialect: Dialect) -> frozenset[str] | Unavailable | Stopped:
    """
    The samples of core/passage.py that do not come through; trouble of the server instead.

    Args:
        get: One GET of an asset. The study must be known to be there.
    """
    probe = _Probe(get)
    try:
        wanted = samples(dialect)
        if probe.arrives(wanted):
            return frozenset()
        # A 404 in other words than those of the versions we know tells nothing.
        return probe.changed(wanted) if probe.arrives([]) else DOUBTFUL
    except _Interrupted as exc:
        return exc.trouble


class _Probe:
    def __init__(self, get: Get) -> None:
        self._get = get

    def changed(self, among: Sequence[str]) -> frozenset[str]:
        """Those of `among` that do not come through, of which at least one does not."""
        if len(among) == 1:
            return frozenset(among)
        middle = len(among) // 2
        halves = (among[:middle], among[middle:])
        return frozenset().union(*(self.changed(h) for h in halves if not self.arrives(h)))

    def arrives(self, characters: Sequence[str]) -> bool:
        """Whether a name with all of these is understood as it is; raises _Interrupted."""
        for _ in range(TRIES):
            name = f"jatossync-probe-{secrets.token_hex(8)}-{''.join(characters)}-end"
            answer = self._get(RelPath(name))
            trouble = _trouble(answer) if characters else _trouble_of_plain(answer)
            if trouble is None:
                return isinstance(answer, Answer) and f"'{name}'" in answer.message
            if not characters:
                raise _Interrupted(trouble)
            self.arrives([])  # is it these characters, or the whole server?
        return False


def _trouble(answer: Answer | Unavailable) -> Unavailable | Stopped | None:
    if isinstance(answer, Unavailable):
        return answer
    if answer.size is not None and len(answer.body) < answer.size:
        return Unavailable("The answer broke off")
    return answers.of_any_request(answer)


def _trouble_of_plain(answer: Answer | Unavailable) -> Unavailable | Stopped | None:
    """A name without anything awkward is simply not found; all else passes, and says nothing."""
    trouble = _trouble(answer)
    if trouble is None and isinstance(answer, Answer) and (answer.status != 404 or answer.is_html):
        return answers.not_jatos(answer)
    return trouble
