"""
Histories: made from a seed, lived through, and made as short as they can be where they fail.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from tests.simulation import edges
from tests.simulation.operations import (
    ApiAllowed,
    Append,
    Approve,
    During,
    FolderComesBack,
    FolderGoes,
    Hints,
    Ignore,
    Invent,
    Kill,
    Link,
    Lock,
    MakeDirectory,
    Operation,
    OthersPut,
    OthersRemove,
    Pause,
    Readable,
    Reconfigure,
    Remove,
    Rename,
    Rewrite,
    Save,
    SaveTogether,
    Stop,
    Swap,
    TokenActive,
    Touch,
    Trouble,
    Truncate,
    Wait,
    Write,
)
from tests.simulation.world import Setup, World

PLAIN = ["index.html", "task.js", "style.css", "img/a.png", "img/b.png", "data/x/list.json"]
NASTY = [
    "a b.txt",
    "a+b.txt",
    "50%.txt",
    "#1.html",
    "Case.js",
    "case.js",
    "caf\u00e9.txt",
    "cafe\u0301.txt",
    "structure",
    "img/structure",
    "\U0001f600.css",
    "x&y=z;,@!'().js",
    "what?.txt",
    " edge .txt ",
    "-rf",
    ".hidden",
    ".env",
    "node_modules/m.js",
    "~tilde/~",
]
_SPELLINGS = ["caf\u00e9.txt", "cafe\u0301.txt"]
DIRECTORIES = ["img", "data", "data/x", "new", "new/deep"]
LABELS = ["v1", "v2", "v3", "v4", "250", "331", "120", "201", ""]
STEPS = 50
TEMPORARY = "/dev/shm" if Path("/dev/shm").is_dir() else None


@dataclass(frozen=True)
class History:
    """What happens, in order."""

    setup: Setup
    operations: tuple[Operation, ...]

    def live(self) -> None:
        """
        Let it happen, with all checks.

        Raises:
            Violation: A law is broken. Anything else that is raised is an error of the program.
        """
        with tempfile.TemporaryDirectory(dir=TEMPORARY, prefix="simulated-") as place:
            world = World(self.setup, Path(place))
            try:
                with edges.living(world):
                    self._live(world)
            finally:
                world.end()

    def _live(self, world: World) -> None:
        world.start_unless_running()
        for operation in self.operations:
            operation.do(world)
            world.laws.step()
        world.finish()

    def as_test(self) -> str:
        """The code of a test that lives through it."""
        lines = ",\n        ".join(repr(each) for each in self.operations)
        return f"relive(\n    {self.setup!r},\n    [\n        {lines},\n    ],\n)"


def made_from(seed: int, steps: int = STEPS) -> History:
    """The history of a seed."""
    return _Maker(seed).make(steps)


class _Maker:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._late = random.Random(f"{seed} late")
        self._persons = random.Random(f"{seed} persons")
        choice = self._random.choice
        self._names = PLAIN + self._random.sample(NASTY, choice([0, 2, 6]))
        self._setup = Setup(
            seed=seed,
            dialect=choice(["3.10", "3.10", "3.9", "3.8"]),
            workers=choice([3, 8]),
            drift=choice(["hold", "restore"]),
            conflict=choice(["keep-copy", "keep-copy", "hold"]),
            max_files=choice([20, 2]),
            max_share=choice([0.3, 1.0]),
            page=choice(["", "index.html"]),
            latency_s=choice([0.005, 0.05, 1.0, 8.0]),
            scan_s=choice([0.0, 0.0, 0.3]),
            tick_ms=choice([4, 4, 2000]),
        )
        choice = random.Random(f"how it is used, {seed}").choice
        self._setup = replace(
            self._setup,
            deletes=choice(["mirror", "mirror", "mirror", "keep"]),
            quiet=choice(["300ms", "300ms", "10ms", "3s"]),
            verify=choice(["10m", "10m", "1m"]),
            names=choice(["exact"] * 6 + ["fold", "nfd"]),
        )
        if self._setup.names != "exact":
            self._names += ["Index.html", "IMG/a.png", "Case.js", "case.js", *_SPELLINGS]
        choice = self._random.choice
        # Some histories are only about edits: then nothing else may come in between.
        others = choice([0, 0, 1, 3])
        trouble = choice([0, 0, 2, 5])
        self._kinds: list[tuple[int, Callable[[], Operation]]] = [
            (14, self._wait),
            (14, self._edit),
            (4, self._together),
            (trouble, self._trouble),
            (trouble, self._kill),
            (trouble, lambda: self._during(self._edit())),
            (min(trouble, 1), self._hints),
            (others, self._other),
            (others and trouble, lambda: self._during(self._other_at_once())),
            (min(trouble, 2), self._before_a_delete),
            (1, self._rewrite),
            (choice([0, 0, 1]), self._ignore),
        ]

    def make(self, steps: int) -> History:
        weights, makers = zip(*self._kinds, strict=True)
        operations = [make() for make in self._random.choices(makers, weights, k=steps)]
        for _ in range(self._persons.choice([0, 0, 1, 3])):
            operations[self._persons.randrange(steps)] = self._reconfigure()
        return History(self._setup, tuple(operations))

    def _reconfigure(self) -> Operation:
        settings: list[tuple[str, list[str | int]]] = [
            ("drift", ["hold", "restore"]),
            ("conflict", ["keep-copy", "hold"]),
            ("max_files", [20, 2]),
            ("deletes", ["mirror", "keep"]),
        ]
        setting, values = self._persons.choice(settings)
        return Reconfigure(setting, self._persons.choice(values))

    def _wait(self) -> Operation:
        return Wait(self._random.choice([0.05, 0.4, 1.0, 3.0, 3.0, 20.0, 70.0]))

    def _path(self) -> str:
        return self._random.choice(self._names)

    def _content(self) -> tuple[str, int]:
        label = self._random.choice(LABELS)
        size = self._random.choice([0, 0, 0, 150, 400, 900, 2500]) if label else 0
        return label, size

    def _edit(self) -> Operation:
        path, (label, size) = self._path(), self._content()
        directory = self._random.choice(DIRECTORIES)
        target = self._random.choice([path, directory])
        makers: list[tuple[int, Callable[[], Operation]]] = [
            (8, lambda: Write(path, label, size)),
            (3, lambda: Write(path, label, size, keep_mtime=True)),
            (6, lambda: Save(path, label, size)),
            (2, lambda: Append(path, label or "more")),
            (2, lambda: Truncate(path, self._random.choice([0, 1, 3]))),
            (4, lambda: Rename(path, self._path())),
            (2, lambda: Rename(directory, self._random.choice(DIRECTORIES))),
            (6, lambda: Remove(path)),
            (1, lambda: Remove(directory)),
            (1, lambda: MakeDirectory(directory)),
            (1, lambda: Swap(target, label or "v1")),
            (1, lambda: Link(target, self._random.choice(["index.html", "img", "nowhere"]))),
            (1, lambda: Readable(target, False)),
            (1, lambda: Readable(target, True)),
            (1, lambda: Touch(path, self._random.choice([0.0, -5000.0, 5000.0]))),
            (1, lambda: Write(path, self._random.choice(["token", "key"]))),
            (1, lambda: Invent(target)),
        ]
        return self._one_of(makers)

    def _one_of(self, makers: list[tuple[int, Callable[[], Operation]]]) -> Operation:
        weights, found = zip(*makers, strict=True)
        chosen: Callable[[], Operation] = self._random.choices(found, weights)[0]
        return chosen()

    def _together(self) -> Operation:
        count = self._random.choice([2, 3, 5, 12])
        many = [f"many/{n}.{self._random.choice(['png', 'js', 'css'])}" for n in range(count - 1)]
        pool = self._names + many
        paths = tuple(self._random.sample(pool, min(count, len(pool))))
        removed = tuple(self._random.sample(pool, self._random.choice([0, 0, 1, 2])))
        return SaveTogether(self._random.choice(["w1", "w2", "w3"]), paths, removed)

    def _trouble(self) -> Operation:
        kinds = ["*", "GET", "HEAD", "POST", "POST", "DELETE", "LIST", "ASK"]
        statuses = [400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504, 303]
        what = self._random.choice(
            ["drop", "lose", "lose", "cut", "page", "slow:3", "slow:90"]
            + [f"status:{self._random.choice(statuses)}"] * 3
        )
        kind, times = self._random.choice(kinds), self._random.choice([1, 1, 2, 7])
        if what == "lose" and kind in ("*", "POST", "DELETE") and self._late.random() < 0.5:
            what = f"late:{self._late.choice([3, 20, 50])}"
        return Trouble(what, kind, times)

    def _kill(self) -> Operation:
        kill: Operation = Kill() if self._random.random() < 0.8 else Stop()
        return kill if self._random.random() < 0.3 else self._during(kill)

    def _during(self, what: Operation) -> Operation:
        moment = self._random.choice(["stat", "stat", "request", "chunk", "effect"])
        return During(moment, self._random.choice([1, 2, 3, 5, 9]), what)

    def _before_a_delete(self) -> Operation:
        """What makes a file only seem to be gone, after a scan has found it gone."""
        place = self._random.choice([*DIRECTORIES, self._path()])
        whole = self._random.choice(["empty", "moved", "unmounted"])
        what = self._random.choice(
            [Readable(place, False), FolderGoes(whole), FolderGoes("empty"), self._edit()]
        )
        return During("delete", self._random.choice([1, 1, 2]), what)

    def _rewrite(self) -> Operation:
        first, second = self._random.sample(["v1", "v2", "v3", "v4"], 2)
        after_s = self._random.choice([0.4, 0.8, 1.2, 1.7])
        return Rewrite(self._path(), first, second, after_s)

    def _ignore(self) -> Operation:
        return Ignore(self._random.choice(["img", "data", "", ""]))

    def _hints(self) -> Operation:
        return Hints(self._random.choice(["prompt", "prompt", "late", "doubled", "lost"]))

    def _other(self) -> Operation:
        if self._random.random() < 0.2:
            return self._said()
        return self._other_at_once()

    def _said(self) -> Operation:
        """What a person does with a command, which takes a moment."""
        makers: list[tuple[int, Callable[[], Operation]]] = [
            (2, self._approve),
            (1, lambda: Pause(True)),
            (2, lambda: Pause(False)),
        ]
        return self._one_of(makers)

    def _approve(self) -> Operation:
        often = self._random.choice(["deletes", "drift", "conflict", "overwrites"])
        kind = self._persons.choice([often, often, "page", "newly included"])
        return Approve(kind, self._persons.choice([1.0, 1.0, 0.5]))

    def _other_at_once(self) -> Operation:
        path, (label, size) = self._path(), self._content()
        makers: list[tuple[int, Callable[[], Operation]]] = [
            (6, lambda: OthersPut(path, f"theirs {label}", size)),
            (2, lambda: OthersPut(path, label or "v1", size)),
            (3, lambda: OthersRemove(path)),
            (1, lambda: Lock(True)),
            (2, lambda: Lock(False)),
            (1, lambda: ApiAllowed(False)),
            (2, lambda: ApiAllowed(True)),
            (1, lambda: TokenActive(False)),
            (2, lambda: TokenActive(True)),
            (1, lambda: FolderGoes(self._random.choice(["moved", "empty", "unmounted"]))),
            (2, FolderComesBack),
        ]
        return self._one_of(makers)


# --- what failed ----------------------------------------------------------------------------------


def failure(history: History) -> Exception | None:
    """What goes wrong in it: a law that is broken, or whatever the program raises."""
    try:
        history.live()
    except Exception as error:  # noqa: BLE001  (whatever it is, it is a finding)
        return error
    return None


def _kind(error: Exception | None) -> str:
    return getattr(error, "law", type(error).__name__)


def shortened(history: History) -> History:
    """The shortest part of it found to fail in the same way (delta debugging)."""
    wanted = _kind(failure(history))

    def fails(candidate: History) -> bool:
        return _kind(failure(candidate)) == wanted

    history = _fewer(history, fails)
    history = _simpler_setup(history, fails)
    return _fewer(history, fails)


def _fewer(history: History, fails: Callable[[History], bool]) -> History:
    size = max(1, len(history.operations) // 2)
    while True:
        start, found = 0, False
        while start < len(history.operations):
            rest = history.operations[:start] + history.operations[start + size :]
            candidate = replace(history, operations=rest)
            if fails(candidate):
                history, found = candidate, True
            else:
                start += size
        if size == 1 and not found:
            return history
        size = max(1, size // 2)


def _simpler_setup(history: History, fails: Callable[[History], bool]) -> History:
    for field in fields(Setup):
        simpler: dict[str, Any] = {field.name: field.default}
        candidate = replace(history, setup=replace(history.setup, **simpler))
        if candidate != history and fails(candidate):
            history = candidate
    return history


def relive(setup: Setup, operations: list[Operation]) -> None:
    """Live through one history, as a test that was once a finding."""
    History(setup, tuple(operations)).live()
