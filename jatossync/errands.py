"""
Errands: what a person's command has done to one file, job by job.

An errand gives out a job, is sent what that led to, and returns what there is to say: a `fault`, or
none. The desk of a daemon has its threads do the jobs; a command does them itself where none runs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from jatossync.core.actions import Delete, Keep
from jatossync.core.jobs import AlreadyThere, Done, Foreign, Job, Result, SetAside
from jatossync.core.model import Content, Seen, Stat
from jatossync.core.paths import RelPath
from jatossync.state.store import Store

Errand = Generator[Job, Result, dict[str, Any]]


def set_aside(store: Store, path: RelPath, stat: Stat, why: str) -> Errand:
    """A copy of what stands here goes to the trash."""
    result = yield SetAside(path, stat, why)
    if not isinstance(result, Content):
        return _fault(result)
    store.kept(path, result, store.binding().get("study", ""), why)
    return {}


def remove(store: Store, path: RelPath, why: str) -> Errand:
    """What only JATOS has goes, and a copy to the trash; tells its size, None of what was gone."""
    if store.known(path):
        return {"fault": "it is a file that this folder has put there"}
    if store.memory.paused_since is not None:
        return {"fault": "nothing is removed until `jatossync resume`"}
    kept = yield Keep(path, why)
    if not isinstance(kept, Seen):
        return _fault(kept)
    if kept.size is None or kept.sha256 is None or kept.adler32 is None:
        return {"size": None}
    content = Content(kept.size, kept.sha256, kept.adler32)
    store.kept(path, content, store.binding().get("study", ""), why)
    result = yield Delete(path, frozenset([content]))
    if not isinstance(result, Done):
        return _fault(result)
    store.deleted(path, store.begin([]), result.seconds, approved=True)
    store.commit()
    return {"size": kept.size}


def run(errand: Errand, do: Callable[[Job], Result]) -> dict[str, Any]:
    """Do all its jobs here and now."""
    try:
        job = next(errand)
        while True:
            job = errand.send(do(job))
    except StopIteration as over:
        told: dict[str, Any] = over.value
        return told


def _fault(result: Result) -> dict[str, Any]:
    match result:
        case AlreadyThere():
            why = "JATOS has it under another spelling of its name, which is here"
        case Foreign():
            why = "somebody changed it a moment ago"
        case other:
            why = str(getattr(other, "reason", other))
    return {"fault": why}
