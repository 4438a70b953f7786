"""
JATOS, as the rest of jatossync calls it: `Jatos` for token and studies, `Assets` for one study.

Each call makes its requests and comes back with one outcome of core/jobs.py. What an answer means
stands in answers.py, how it travels in wire.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from jatossync.core.actions import Delete, Upload
from jatossync.core.jobs import (
    AlreadyThere,
    DeleteResult,
    Done,
    Foreign,
    ListResult,
    LookResult,
    NoListing,
    Overtaken,
    Refused,
    Server,
    Stopped,
    Trouble,
    Unavailable,
    UploadResult,
)
from jatossync.core.model import LARGE_BYTES, SMALL_BYTES, Content, Listing, Seen
from jatossync.core.passage import blocked
from jatossync.core.paths import RelPath, rel_path, request_path
from jatossync.errors import ConfigError, Denied, Unreachable
from jatossync.remote import answers
from jatossync.remote.answers import Answer, Asked, Unclear
from jatossync.remote.body import AssetBody, CutOff, HoldsToken, Source
from jatossync.remote.looks import ABSENT, any_small, read, read_whole, replaceable, seen_of
from jatossync.remote.parse import (
    StudyHead,
    StudyPages,
    Who,
    is_study_uuid,
    listing_of,
    only_views,
    pages_of,
    server_of,
    studies_of,
    who_of,
)
from jatossync.remote.passage import changed_on_the_way
from jatossync.remote.route import Route
from jatossync.remote.token import Token
from jatossync.remote.wire import DIRECTLY, MAX_ANSWER_BYTES, Download, Wire

MAX_BODY_BYTES = 2048 * 1024 * 1024
"""JATOS reads all of a larger request and then refuses it (jatos-api.md, Answers)."""

MAX_LIST_BYTES = 64 * 1024 * 1024
LIST_READ_S = 600.0
"""JATOS hashes every file before the first byte of a listing."""

SLOW_S = 30.0
"""What fails after so long a time did so for the hashing: proxies wait 30 to 100 s at most."""

LIST_TRIES = 2
"""A connection that broke off is worth another try at once; longer trouble is the caller's."""

WORTH_A_TRY = (500, 502, 503)
TOO_SLOW = (504, 524)
"""What a proxy (524: Cloudflare) answers when it has waited too long."""

CANNOT_LIST = "1.0.0"
"""`apiVersion` of 3.8.1, which takes the listing's address for that of a file."""

NO_LISTING_HERE = NoListing("This JATOS (3.8) cannot list a study's files")

NOT_DOWNLOADABLE = RelPath("structure")
"""The address of a file of this name is the listing's (jatos-api.md, surprise 10)."""

UUID_CHARACTERS = 36

T = TypeVar("T")


def _assets_below(study_uuid: str) -> str:
    """The part of every asset's target before its path."""
    return f"/studies/{study_uuid}/assets/"


class Jatos:
    """
    One server with one token. May be used by several threads at once.

    Args:
        server: The base URL; JATOS's base path may be part of it.
        workers: How many requests run at once.
        route: How to get there.

    Raises:
        ConfigError: `server` is no plain http(s) URL, the token is malformed, or the route's
            certificates cannot be used.
    """

    def __init__(self, server: str, token: Token, workers: int, route: Route = DIRECTLY) -> None:
        self._wire = Wire(server, token, workers, route)
        self._passage: tuple[str, frozenset[str]] | None = None
        """What does not come through in paths, found out for this apiVersion."""

    @property
    def prefix_bytes(self) -> int:
        """Length of every request target up to and including `/assets/`, for `unholdable`."""
        return len(self._wire.prefix) + len(_assets_below("0" * UUID_CHARACTERS))

    def use(self, token: Token) -> None:
        """
        Send this token from now on.

        Raises:
            ConfigError: It is malformed.
        """
        self._wire.use(token)

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()

    def ask(self, study: str) -> Server | Unavailable | Stopped:
        """
        Whether token and study are in order, and what they are.

        Args:
            study: Its UUID or number.

        Raises:
            ConfigError: `study` is neither.
        """
        token = self._ask(Asked.TOKEN, "/admin/token", MAX_ANSWER_BYTES)
        if not isinstance(token, Answer):
            return token
        if only_views(token):
            return answers.ONLY_A_VIEWER
        properties = self.properties(study)
        if not isinstance(properties, Answer):
            return properties
        server = server_of(token, properties)
        return self._with_passage(server) if server else answers.not_jatos(properties)

    def _with_passage(self, server: Server) -> Server | Unavailable | Stopped:
        """`server` with what is found out before the first write (jatos-api.md, surprise 14)."""
        if self._passage is None or self._passage[0] != server.api_version:
            below = _assets_below(server.study_uuid)
            changed = changed_on_the_way(
                lambda path: self._wire.answer("GET", below + request_path(path)), server.dialect
            )
            if not isinstance(changed, frozenset):
                return changed
            self._passage = server.api_version, changed
        return replace(server, changed_on_the_way=self._passage[1])

    def who(self) -> Who | Unavailable | Stopped:
        """Whether the token is in order, and whose it is."""
        answer = self._ask(Asked.TOKEN, "/admin/token", MAX_ANSWER_BYTES)
        if not isinstance(answer, Answer):
            return answer
        if only_views(answer):
            return answers.ONLY_A_VIEWER
        return who_of(answer) or answers.not_jatos(answer)

    def properties(self, study: str) -> Answer | Unavailable | Stopped:
        """The answer with the study's properties: it is there, and the token may see it."""
        if not (is_study_uuid(study) or (study.isascii() and study.isdigit())):
            raise ConfigError(
                f"study: {study!r} is neither a UUID nor a number.",
                "In JATOS, “Properties” of the study shows both.",
            )
        target = f"/studies/{study}/properties?withComponentProperties=true"
        return self._ask(Asked.STUDY, target, MAX_LIST_BYTES)

    def pages(self, study: str) -> StudyPages | Unavailable | Stopped:
        """The study's number, title and components."""
        properties = self.properties(study)
        if not isinstance(properties, Answer):
            return properties
        return pages_of(properties) or answers.not_jatos(properties)

    def studies(self) -> list[StudyHead]:
        """
        The studies that the token may see.

        Raises:
            Unreachable: No JATOS answers.
            Denied: It refuses the token, or its API is off.
        """
        answer = self._ask(Asked.STUDIES, "/studies/properties", MAX_LIST_BYTES)
        if isinstance(answer, Stopped):
            raise Denied(f"{answer.reason}")
        if isinstance(answer, Unavailable):
            raise Unreachable(f"{answer.reason}")
        found = studies_of(answer)
        if found is None:
            raise Unreachable(f"{answers.not_jatos(answer).reason}")
        return found

    def assets(self, server: Server) -> Assets:
        """The assets of the study that `ask` found."""
        return Assets(self, self._wire, server)

    def _ask(self, asked: Asked, target: str, max_bytes: int) -> Answer | Unavailable | Stopped:
        answer = self._wire.answer("GET", target, max_bytes=max_bytes)
        if isinstance(answer, Unavailable):
            return answer
        if answer.status != 200:
            meaning = answers.of_all(asked, answer)
            there = meaning is answers.KEPT_OUT and self._wire.ping()
            return answers.API_KEPT_OUT if there else meaning
        return answer if answer.json() is not None else answers.not_jatos(answer)


class Assets:
    """
    The assets of one study, addressed by its UUID.

    Every call may block for as long as the server lets it wait; none raises for what a server or a
    network does.
    """

    def __init__(self, jatos: Jatos, wire: Wire, server: Server) -> None:
        self._jatos = jatos
        self._wire = wire
        self.server = server
        self._below = _assets_below(server.study_uuid)

    def listing(self) -> ListResult:
        """
        All files of the study.

        `NoListing` only where asking once more would end the same: this JATOS cannot list, the
        study's folder is missing, the hashing takes too long for what stands in between, or the
        answer is a refusal. Passing trouble is `Unavailable`.
        """
        for _ in range(LIST_TRIES):
            began = time.monotonic()
            answer = self._wire.answer(
                "GET", f"{self._below}structure?flatten=true", None, LIST_READ_S, MAX_LIST_BYTES
            )
            slow = time.monotonic() - began >= SLOW_S
            if slow or (isinstance(answer, Answer) and answer.status not in WORTH_A_TRY):
                break
        if isinstance(answer, Answer) and answer.status == 200:
            return self._listing_of(answer)
        if slow or (isinstance(answer, Answer) and answer.status in TOO_SLOW):
            return self._if_study_is_there(
                NoListing("JATOS, or what stands in front of it, takes too long to list the files")
            )
        if isinstance(answer, Unavailable):
            return answer
        return self._not_listed(answer)

    def look(self, path: RelPath, whole: bool = False) -> LookResult:
        """
        What lies under `path` now: its size, and up to 256 KiB (or `whole`) its digest.

        Absence is reported only while the study itself is known to be there.
        """
        if whole and path != NOT_DOWNLOADABLE:
            found = self._wire.download(self._target(path), read_whole)
            return self._confirmed(self._settled_look(found))
        return self._confirmed(self._look(path))

    def keep(self, path: RelPath, store: Callable[[Iterator[bytes]], Content]) -> LookResult:
        """
        `fetch` for the trash: what could not be stored is refused.

        Args:
            store: Lets exceptions of the iterator through, and then keeps nothing: the bytes
                were cut off on their way. An OSError of its own refuses the path.
        """
        try:
            found = self.fetch(path, store)
        except OSError as exc:
            return Refused(f"What lies on JATOS cannot be kept in the trash: {exc.strerror}")
        return replace(found, kept=True) if isinstance(found, Seen) and found.size else found

    def fetch(self, path: RelPath, store: Callable[[Iterator[bytes]], Content]) -> LookResult:
        """
        Hand the bytes under `path` to `store`, which returns what it stored.

        What `store` raises is let through; it should let through what the iterator raises.
        """
        listed = self._look_by_listing(path)
        if isinstance(listed, Seen) and listed.size is not None:
            return Refused("JATOS does not give this file back: its address is the listing's")
        if listed is not None:
            return listed

        def stored(download: Download) -> Seen | Trouble:
            content = store(download.pieces)
            if download.size is not None and download.size != content.size:
                return Refused("What lies on JATOS did not arrive whole")
            return seen_of(content)

        return self._confirmed(self._settled_look(self._wire.download(self._target(path), stored)))

    def upload(
        self,
        job: Upload,
        source: Source,
        stop: Callable[[], bool],
        sent: Callable[[int], None],
    ) -> UploadResult:
        """
        Put a file on JATOS, unless something foreign, or the very same bytes, lie there already.

        Args:
            stop: Asked before every chunk; True cuts the upload off.
            sent: Told the number of bytes handed over so far.
        """
        began = time.monotonic()
        if why := blocked(job.path, self.server.changed_on_the_way):
            return Refused(why)
        if source.size != job.content.size or not source.size:
            return Overtaken("it changed before it was sent")
        body = AssetBody(source, job.content, stop, sent)
        if len(body) > MAX_BODY_BYTES:
            return Refused(answers.TOO_LARGE_FOR_JATOS, for_good=True)
        if job.content.size > LARGE_BYTES and (trouble := self._not_writable()):
            return trouble
        if job.look and (in_the_way := self._in_the_way(job)):  # the last that is asked
            return in_the_way
        try:
            answer = self._wire.answer("POST", self._target(job.path), body)
        except HoldsToken as exc:
            return Refused(str(exc), for_good=True)
        except CutOff as exc:
            return Overtaken(str(exc))
        done = self._settled_write(Asked.UPLOAD, answer)
        return Done(done.created, time.monotonic() - began) if isinstance(done, Done) else done

    def _in_the_way(self, job: Upload) -> UploadResult | None:
        """Why what lies there now is not overwritten; None where it may be."""
        seen = self._look(job.path, any_small(job.replaceable))
        if isinstance(seen, Seen) and (_may_have_arrived(job, seen) or _may_be_either(job, seen)):
            seen = self.look(job.path, whole=True)
        if not isinstance(seen, Seen):
            return seen
        if seen.sha256 == job.content.sha256:
            return AlreadyThere()
        return None if replaceable(seen, job.replaceable) else Foreign(seen)

    def delete(self, job: Delete, may: Callable[[], str | None]) -> DeleteResult:
        """
        Remove a file from JATOS, unless something foreign lies there.

        Args:
            may: Asked directly before the request: None to go on, else why not (law 3).
        """
        began = time.monotonic()
        if why := blocked(job.path, self.server.changed_on_the_way):
            return Refused(why)
        if job.look:
            seen = self._look(job.path, any_small(job.replaceable))
            if not isinstance(seen, Seen):
                return seen
            if seen.size is None:
                return self._if_study_is_there(Done(seconds=time.monotonic() - began))
            if not replaceable(seen, job.replaceable):
                return Foreign(seen)
        if reason := may():
            return Overtaken(reason)
        answer = self._wire.answer("DELETE", self._target(job.path))
        if isinstance(answer, Answer) and answer.status == 404 and not answer.is_html:
            return self._if_study_is_there(Done(seconds=time.monotonic() - began))
        done = self._settled_write(Asked.DELETE, answer)
        return Done(seconds=time.monotonic() - began) if isinstance(done, Done) else done

    # --- looking

    def _look(self, path: RelPath, small: bool = False) -> Seen | Trouble:
        """
        What lies under `path`; one request where `small` bytes are expected, else HEAD first.

        Absence may also come from a study that is gone: `_confirmed`.
        """
        listed = self._look_by_listing(path)
        if listed is not None:
            return listed
        if not small:
            answer = self._wire.answer("HEAD", self._target(path))
            if not isinstance(answer, Answer) or answer.status != 200 or not answer.is_file:
                return self._settled_look(answer)
            if answer.size is not None and answer.size > SMALL_BYTES:
                return Seen(answer.size, looked=True)
        return self._settled_look(self._wire.download(self._target(path), read))

    def _look_by_listing(self, path: RelPath) -> Seen | Trouble | None:
        """For a path that only a listing shows; None where `path` has an address of its own."""
        if path != NOT_DOWNLOADABLE:
            return None
        listing = self.listing()
        if isinstance(listing, Listing):
            found = listing.files.get(path, ABSENT)
            return Seen(found.size, found.adler32, looked=True)
        return None if isinstance(listing, NoListing) else listing

    def _settled_look(self, found: Seen | Trouble | Answer) -> Seen | Trouble:
        if not isinstance(found, Answer):
            return found
        if found.status == 200:  # JATOS marks its assets, and this is none
            return answers.not_jatos(found)
        if found.status == 404 and not found.is_html:
            return ABSENT
        return self._settled(Asked.DOWNLOAD, answers.of_path(Asked.DOWNLOAD, found))

    def _confirmed(self, seen: Seen | Trouble) -> Seen | Trouble:
        if isinstance(seen, Seen) and seen.size is None:
            return self._if_study_is_there(seen)
        return seen

    def _listing_of(self, answer: Answer) -> ListResult:
        if answer.is_file:
            return NO_LISTING_HERE
        if answer.json() is None:
            return answers.not_jatos(answer)
        found = listing_of(answer)
        return found or NoListing("JATOS lists its files in a form that is not known here")

    def _not_listed(self, answer: Answer) -> ListResult:
        """What an answer means that is no listing."""
        if answer.status == 404 and self.server.api_version == CANNOT_LIST and not answer.is_html:
            return self._if_study_is_there(NO_LISTING_HERE)
        trouble: Trouble = self._settled(Asked.LISTING, answers.of_path(Asked.LISTING, answer))
        if not isinstance(trouble, Refused):
            return trouble
        if answer.status in WORTH_A_TRY:
            return Unavailable(trouble.reason)
        if answer.status == 404 and not answer.is_html:
            gone = "The study is there, and its folder with all files is missing on JATOS"
            return self._if_study_is_there(NoListing(gone, folder_gone=True))
        return self._if_study_is_there(NoListing(trouble.reason))

    # --- second questions

    def _settled_write(self, asked: Asked, answer: Answer | Unavailable) -> Done | Trouble:
        if isinstance(answer, Unavailable):
            return answer
        return self._settled(asked, answers.of_writing(asked, answer, self.server.dialect))

    def _settled(self, asked: Asked, outcome: T | Unclear) -> T | Trouble:
        """The outcome, after asking for token and study where the answer alone does not tell."""
        if not isinstance(outcome, Unclear):
            return outcome
        found = self._jatos.ask(self.server.study_uuid)
        if not isinstance(found, Server):
            return found
        return answers.after_asking(asked, outcome, found)

    def _if_study_is_there(self, outcome: T) -> T | Unavailable | Stopped:
        """`outcome`, if "not found" was said of the path and not of the study."""
        answer = self._jatos.properties(self.server.study_uuid)
        return outcome if isinstance(answer, Answer) else answer

    def _not_writable(self) -> Unavailable | Stopped | None:
        """Why a large upload would be in vain: JATOS reads it all before it says no."""
        found = self._jatos.ask(self.server.study_uuid)
        if not isinstance(found, Server):
            return found
        return answers.locked(found) if found.locked else None

    def _target(self, path: RelPath) -> str:
        # Checked once more: an empty, `.` or `..` segment would be another endpoint.
        return self._below + request_path(rel_path(path.encode("utf-8")))


def _may_have_arrived(job: Upload, seen: Seen) -> bool:
    """
    Whether what lies there can be an earlier try of this upload, of which no answer came.

    Reading a large file costs less than sending it again: participants miss it meanwhile.
    """
    return job.content in job.replaceable and seen.sha256 is None and seen.size == job.content.size


def _may_be_either(job: Upload, seen: Seen) -> bool:
    """Whether its size does not tell if it may be replaced, or is what another spelling has."""
    return (
        seen.size is not None
        and seen.sha256 is None
        and replaceable(seen, job.replaceable)
        and any(replaceable(seen, [rival.content]) for rival in job.rivals)
    )
