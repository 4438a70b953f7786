"""
The house keeps its order: who may import whom, and what stays pure.

Read from the source with `ast`; what is imported is imported elsewhere.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
HOUSE = TOP / "jatossync"

SIDES = {"local", "remote", "state", "service"}
MAY_IMPORT = {
    "errors": set[str](),
    "log": set[str](),
    "core": {"errors"},
    "config": {"core", "errors", "log"},
    **{side: {"core", "errors"} for side in SIDES},
    "engine": {"core", "errors"},
    "threads": {"core"},
    "service": {"core", "errors"},
    "jobs": {"config", "core", "errors"} | SIDES,
    "lookout": {"threads", "core", "local"},
    "upkeep": {"engine", "jobs", "core"} | SIDES,
    "errands": {"core", "state"},
    "desk": {"engine", "jobs", "errands", "service", "core", "errors"},
    "daemon": {
        "engine",
        "jobs",
        "lookout",
        "threads",
        "desk",
        "upkeep",
        "service",
        "config",
        "core",
        "errors",
    }
    | SIDES,
    "cli": {"daemon", "engine", "jobs", "errands", "service", "config", "core", "errors", "log"}
    | SIDES,
    "__main__": {"cli", "log"},
    # Of the rest nothing, so that it can never agree with the client's mistakes.
    "emulator": set[str](),
}
"""Room to rooms below it. The sides know nothing of one another (design.md, "The house")."""

ENGINE_ROOMS = [
    "parts",
    "decisions",
    "meeting",
    "passes",
    "asking",
    "unanswered",
    "writing",
    "engine",
    "__init__",
]
"""Each knows those before it only; of three that hand out and take back jobs none knows another."""
APART = {"passes", "asking", "writing"}

HOME_OF = {
    "certifi": "remote",
    "click": "cli",
    "httpx": "remote",
    "platformdirs": "config",
    "pydantic": "config",
    "pydantic_core": "config",
    "python_multipart": "emulator",
    "rich": "cli",
    "structlog": "log",
    "watchdog": "local",
    "yaml": "config",
}
"""Every library has one room; another library in its place changes that room only."""

COMES_WITH = {"certifi": "httpx", "pydantic_core": "pydantic", "yaml": "pyyaml"}
"""The distribution that a library is part of, or that cannot be without it."""

PURE_ROOMS = {"core", "engine"}
PURE_MODULES = {
    *("__future__", "abc", "dataclasses", "enum", "types", "typing"),
    *("bisect", "collections", "functools", "heapq", "itertools", "math", "operator"),
    *("hashlib", "re", "string", "unicodedata", "urllib.parse", "zlib"),
}
"""Nothing that touches a file, a clock, a thread, a network, chance or the environment."""
IMPURE_BUILTINS = {"open", "print", "input", "__import__", "exec", "eval"}


def rooms() -> set[str]:
    inside = {path for path in HOUSE.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
    return {path.stem for path in inside} - {"__init__"}


def modules() -> list[str]:
    """`core/plan.py` and all others."""
    return [path.relative_to(HOUSE).as_posix() for path in sorted(HOUSE.rglob("*.py"))]


def imported(text: str) -> Iterator[str]:
    """Dotted names of all that a module imports, anywhere in it: `jatossync.core.plan.plan`."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield f"{'.' * node.level}{node.module or ''}.{alias.name}"


def faults(module: str, text: str) -> list[str]:
    """What this module may not do."""
    room = module.partition("/")[0].removesuffix(".py")
    found = [fault for name in imported(text) if (fault := _import_fault(room, name))]
    if room in PURE_ROOMS:
        names = (node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name))
        found += [f"calls {name}" for name in names if name in IMPURE_BUILTINS]
    return [f"{module} {fault}" for fault in found]


def _import_fault(room: str, name: str) -> str | None:
    parts = name.split(".")
    if not parts[0]:
        return f"imports relatively ({name}): the table is read from whole names"
    if parts[0] == "jatossync":
        other = parts[1] if parts[1:] else ""
        fine = other == room or other in MAY_IMPORT[room] or other not in rooms()
        return None if fine else f"imports {other}"
    if parts[0] not in sys.stdlib_module_names:
        home = HOME_OF.get(parts[0])
        return None if home == room else f"imports {parts[0]}, which belongs in {home}"
    if room in PURE_ROOMS and not {parts[0], ".".join(parts[:2])} & PURE_MODULES:
        return f"imports {parts[0]} and is pure"
    return None


def test_every_room_has_its_place_in_the_table() -> None:
    assert rooms() <= MAY_IMPORT.keys()


def test_every_room_of_the_engine_has_its_place() -> None:
    assert {path.stem for path in (HOUSE / "engine").glob("*.py")} == set(ENGINE_ROOMS)


@pytest.mark.parametrize("room", ENGINE_ROOMS)
def test_the_rooms_of_the_engine_know_those_before_them_only(room: str) -> None:
    text = (HOUSE / "engine" / f"{room}.py").read_text(encoding="utf-8")
    inside = [name.split(".") for name in imported(text) if name.startswith("jatossync.engine.")]
    before = set(ENGINE_ROOMS[: ENGINE_ROOMS.index(room)]) - (APART if room in APART else set())
    assert {parts[2] for parts in inside} <= before


def test_imports_go_down_only() -> None:
    def below(room: str, above: tuple[str, ...] = ()) -> None:
        assert room not in above
        for other in MAY_IMPORT[room]:
            below(other, (*above, room))

    for room in MAY_IMPORT:
        below(room)


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_what_its_room_may(module: str) -> None:
    assert faults(module, (HOUSE / module).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("core/plan.py", "import os"),
        ("core/plan.py", "from os.path import join"),
        ("core/plan.py", "def later():\n    import time"),
        ("core/plan.py", "import urllib.request"),
        ("core/plan.py", "from random import random"),
        ("core/plan.py", "text = open('x').read()"),
        ("core/plan.py", "import httpx"),
        ("core/plan.py", "from jatossync import log"),
        ("core/plan.py", "from .. import errors"),
        ("engine/passes.py", "import threading"),
        ("engine/engine.py", "from jatossync.state.store import Store"),
        ("local/scan.py", "import jatossync.remote.client"),
        ("remote/client.py", "from jatossync.config import Config"),
        ("state/store.py", "from jatossync import local"),
        ("daemon.py", "from rich.console import Console"),
        ("daemon.py", "from jatossync.emulator.server import Server"),
        ("log.py", "from jatossync.errors import ConfigError"),
        ("emulator/paths.py", "from jatossync.core.paths import RelPath"),
        ("cli/run.py", "import requests"),
    ],
)
def test_what_the_table_forbids_is_found(module: str, text: str) -> None:
    assert len(faults(module, text)) == 1


def test_every_library_that_is_imported_is_declared() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {
        re.split(r"[^\w-]", line)[0].lower().replace("-", "_")
        for line in [*project["dependencies"], *project["optional-dependencies"]["demo"]]
    }
    assert {COMES_WITH.get(library, library) for library in HOME_OF} <= declared


def test_the_daemon_starts_without_what_only_draws() -> None:
    program = (
        "import sys, jatossync.cli.run, jatossync.log as log\n"
        "log.setup('info', 'console', sys.stderr)\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert not {"pygments", "rich"} & set(loaded.stdout.decode().split())
