"""
The engine: everything jatossync decides, as a state machine without thread, clock, file or socket.

In: `hint` (look there), `done` (a job ended). Out: `due` (jobs to run now), `wake_s` (when to ask
again). The daemon runs the jobs on threads; the simulation in the tests runs them one by one.

The road of a saved file: hint -> debounce -> Scan -> plan -> attempt -> Upload -> manifest row.
Start-up, rescan, verification and retries are hints with another scope: one queue, one way in.

The rooms, each of which knows those above it only:
    parts      what all share: the state, and the verbs all of them use
    decisions  what follows from a plan: told, held, asked about, settled or queued
    meeting    the probe, trouble on the link, another JATOS than before
    passes     when to look; scan, listing and plan
    asking     the answers to looks, keeps and hashes
    unanswered what had no answer: looked at when JATOS cannot act on it any more
    writing    which uploads and deletes may start, and what their answers mean
    engine     the doors: in, out, and how far things are
"""

from jatossync.engine.engine import Engine

__all__ = ["Engine"]
