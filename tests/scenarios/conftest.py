"""One emulator of each kind for all scenarios; a study of its own for each test."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.emulator.handle import Emulator
from tests.scenarios.harness import Study
from tests.scenarios.mounts import Mounts

Jatos = Callable[..., Emulator]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jatos]:
    """Starts each emulator when it is first asked for: `running("3.9", names="fold")`."""
    started: dict[tuple[str, str], Emulator] = {}
    with ExitStack() as stack:

        def jatos(dialect: str = "3.10", names: str = "exact") -> Emulator:
            if (dialect, names) not in started:
                place = tmp_path_factory.mktemp(f"jatos-{dialect}-{names}")
                emulator = Emulator(place, dialect, names)
                started[dialect, names] = stack.enter_context(emulator)
            return started[dialect, names]

        yield jatos


@pytest.fixture
def jatos(running: Jatos) -> Iterator[Jatos]:
    """An emulator that has no faults and no requests in its list."""
    used: list[Emulator] = []

    def fresh(dialect: str = "3.10", names: str = "exact") -> Emulator:
        emulator = running(dialect, names)
        emulator.clear_requests()
        used.append(emulator)
        return emulator

    yield fresh
    for emulator in used:
        emulator.faults([])
        emulator.change_api(allowed=True, max_body_bytes=2**31, proxy="none")


@pytest.fixture
def mounts() -> Iterator[Mounts]:
    """A mount namespace of the test's own."""
    if shutil.which("nsenter") is None or subprocess.run(["unshare", "-m", "true"]).returncode:
        pytest.skip("no private mount namespace: needs root on Linux")
    mounts = Mounts()
    yield mounts
    mounts.close()


@pytest.fixture
def study(jatos: Jatos, tmp_path: Path) -> Study:
    """A study on a JATOS 3.10."""
    return Study(tmp_path, jatos())
