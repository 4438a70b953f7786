"""
What the daemon does now and then beside its work: a new token, a token that ends soon, a computer
that slept, uploads that take long. Called in the control loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from jatossync.core.jobs import AskAgain, Stop, Unavailable
from jatossync.core.paths import RelPath
from jatossync.core.report import Event
from jatossync.core.upkeep import Expiry, LongUploads, Progress, Sleep
from jatossync.engine import Engine
from jatossync.engine.meeting import AWAY
from jatossync.jobs import Sides
from jatossync.remote.token import Token, TokenFile

ADVICE = {
    Stop.STUDY_GONE: "Was the study deleted in JATOS, or moved to another one? Set `study:` anew.",
    Stop.FOLDER_GONE: "Ask the administrator of this JATOS to put the folder back. To have it made "
    "anew with the files that are here: `jatossync check --rebind`, then start again.",
    Stop.NO_ACCESS: "Ask a member of the study to add you to its members in JATOS.",
    Stop.ROLE: "Ask an administrator of this JATOS to give your account the role User.",
    Stop.TOKEN: "Make a new token in JATOS (your name at the top right, “My API tokens”).",
    Stop.API_OFF: "Ask the administrator of this JATOS to set `jatos.api.allowed = true`.",
    Stop.NOT_SIGNED_IN: "Check `server:`, and ask the administrator: what stands in front of JATOS "
    "has to let requests to /jatos/api through as they are.",
    Stop.LOCKED: "Unlock the study in JATOS to go on.",
}
"""What to do about each way in which JATOS refuses everything."""

AWAY_ADVICE = (
    "It is tried again by itself. If it stays so, check `server:` in the configuration, and your "
    "network: some servers need a VPN."
)


class Upkeep:
    """
    Args:
        uploads: The uploads under way.
        say: Called with each event that matters.
    """

    def __init__(
        self,
        sides: Sides,
        engine: Engine,
        uploads: Callable[[float], Mapping[RelPath, Progress]],
        say: Callable[[Event], None],
    ) -> None:
        self._sides = sides
        self._engine = engine
        self._uploads = uploads
        self._say = say
        self._token_file = TokenFile(sides.token)
        self._expiry = Expiry()
        self._sleep = Sleep()
        self._long = LongUploads()

    def tick(self, now_s: float) -> None:
        """Do what is due of all this; to be called every second or so."""
        self._mind_sleep(now_s)
        self._mind_token(now_s)
        self._mind_expiry()
        for upload in self._long.news(self._uploads(now_s), now_s):
            self._say_progress(upload)

    def advised(self, event: Event) -> Event:
        """An event that says that JATOS is away or refuses, with what to do about it."""
        if event.name == AWAY:
            advice = AWAY_ADVICE
        elif "stop" in event.fields:
            advice = self.advice(Stop(event.fields["stop"]))
        else:
            return event
        return replace(event, fields=event.fields | {"advice": advice})

    def advice(self, stop: Stop) -> str:
        """What to do where JATOS refuses everything."""
        if stop is Stop.TOKEN:
            return f"{ADVICE[stop]} {self._token_file.token.renewal}"
        return ADVICE[stop]

    def _mind_sleep(self, now_s: float) -> None:
        slept_s = self._sleep.slept_s(now_s, time.time())
        if slept_s is None:
            return
        self._say(Event("awake again", fields={"slept_s": round(slept_s)}))
        self._engine.lost(now_s)
        if isinstance(self._engine.link.trouble, Unavailable):
            self._engine.command(AskAgain(), now_s)

    def _mind_token(self, now_s: float) -> None:
        match self._token_file.renewed():
            case Token() as token:
                self._sides.jatos.use(token)
                self._say(Event("new token", fields={"source": token.source}))
                self._engine.command(AskAgain(), now_s)
            case str() as fault:
                source = self._token_file.token.source
                self._say(
                    Event(
                        "the new token cannot be used, the old one stays",
                        "warning",
                        {"source": source, "reason": fault},
                    )
                )

    def _mind_expiry(self) -> None:
        server = self._engine.link.server
        if server is None:
            return
        days = self._expiry.days_left(server.token_expires_ms, time.time())
        if days is not None:
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(server.token_expires_ms / 1000))
            advice = f"{ADVICE[Stop.TOKEN]} {self._token_file.token.renewal}"
            fields: dict[str, object] = {"on": when, "days": round(days, 1), "advice": advice}
            self._say(Event("the token expires soon", "warning", fields))

    def _say_progress(self, upload: Progress) -> None:
        fields: dict[str, object] = {
            "path": upload.path,
            "size": upload.size,
            "sent": upload.sent,
            "bytes_per_s": round(upload.bytes_per_s),
        }
        if upload.left_s is not None:
            fields["left_s"] = round(upload.left_s)
        self._say(Event("uploading", fields=fields))
