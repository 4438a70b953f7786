import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jatossync.local import directory
from jatossync.local.root import StudyFolder
from tests.local.looker import Clock, Looker

NOBODY = 65534


@pytest.fixture(params=["by descriptor", "by path"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both sides of the seam for systems without `dir_fd`."""
    by_descriptor = request.param == "by descriptor"
    if by_descriptor and not directory.BY_DESCRIPTOR:
        pytest.skip("this system has no dir_fd")
    monkeypatch.setattr(directory, "BY_DESCRIPTOR", by_descriptor)
    return str(request.param)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """An empty study folder."""
    top = tmp_path / "study"
    top.mkdir()
    return top


@pytest.fixture
def folder(way: str, study: Path) -> Iterator[StudyFolder]:
    with StudyFolder.open(str(study)) as opened:
        yield opened


@pytest.fixture
def common_study() -> Iterator[Path]:
    """A study folder, the test being nobody in particular: permissions count."""
    top = Path(tempfile.mkdtemp())
    study = top / "study"
    study.mkdir()
    privileged = hasattr(os, "geteuid") and os.geteuid() == 0
    if privileged:
        for path in (top, study):
            os.chown(path, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield study
    finally:
        if privileged:
            os.seteuid(0)
        subprocess.run(["chmod", "-R", "u+rwX", top], check=False)
        shutil.rmtree(top)


@pytest.fixture
def with_mounts(tmp_path: Path) -> Callable[[str], None]:
    """Runs a script that may mount what it likes in the working directory `study`."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"]).returncode:
        pytest.skip("no private mount namespace: needs root on Linux")

    def run(script: str) -> None:
        (tmp_path / "study").mkdir(exist_ok=True)
        done = subprocess.run(
            ["unshare", "-m", sys.executable, "-W", "error", "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    return run


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def looker(folder: StudyFolder, clock: Clock) -> Looker:
    return Looker(folder, clock)


@pytest.fixture
def common_looker(way: str, common_study: Path, clock: Clock) -> Iterator[Looker]:
    with StudyFolder.open(str(common_study)) as folder:
        yield Looker(folder, clock)
