"""The lookout on a real folder: it says how it follows, and gets its sight back by itself."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jatossync.core.paths import RelPath
from jatossync.core.watching import SLOWEST_S
from jatossync.local.root import StudyFolder
from jatossync.local.scan import Scanner
from jatossync.lookout import BLIND_RETRY_S, Lookout
from jatossync.threads import Hints
from tests.awaiting import wait_until

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="this is about inotify")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StudyFolder]:
    (tmp_path / "study" / "sub").mkdir(parents=True)
    with StudyFolder.open(str(tmp_path / "study")) as opened:
        yield opened


@pytest.fixture
def hints() -> Hints:
    return Hints(lambda: None)


Make = Callable[[str], Lookout]


@pytest.fixture
def follow(folder: StudyFolder, hints: Hints) -> Iterator[Make]:
    """Starts a lookout in a mode."""
    made: list[Lookout] = []

    def make(mode: str) -> Lookout:
        made.append(Lookout(folder, Scanner(folder, [], [], []), mode, hints))  # type: ignore[arg-type]
        made[-1].start()
        return made[-1]

    yield make
    for lookout in made:
        lookout.stop()


def wait_for(hints: Hints, path: str) -> None:
    seen: set[RelPath] = set()

    def hinted_at() -> bool:
        seen.update(hints.take())
        return path in seen

    wait_until(hinted_at, lambda: f"{path} in {seen}")


def loss(lookout: Lookout, now_s: float) -> str:
    """Why all must be looked at, once there is a reason."""
    return wait_until(lambda: lookout.tick(now_s), "a loss") or ""


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "SignalFD" in type(thread).__name__]


@pytest.mark.parametrize("mode", ["auto", "events"])
def test_events_alone_are_followed_where_they_tell_everything(
    follow: Make, folder: StudyFolder, hints: Hints, mode: str
) -> None:
    lookout = follow(mode)
    assert (lookout.status.mode, lookout.status.why) == ("events", "")
    assert lookout.tick(0) is None
    Path(folder.path, "sub", "a").write_text("x")
    wait_for(hints, "sub/a")


def test_looks_of_our_own_are_made_where_the_user_wants_them(
    follow: Make, folder: StudyFolder, hints: Hints
) -> None:
    lookout = follow("poll")
    assert not readers()
    assert lookout.status.mode == "poll"
    assert lookout.status.interval_s is not None
    assert "before the first" in loss(lookout, 0)
    Path(folder.path, "sub", "a").write_text("x")
    wait_for(hints, "sub/a")


@linux_only
def test_a_watcher_that_died_is_renewed_before_the_next_scan(
    follow: Make, folder: StudyFolder, hints: Hints
) -> None:
    lookout = follow("auto")
    for reader in readers():
        reader.stop()  # type: ignore[attr-defined]
        reader.join()
    assert lookout.tick(0) == "the watcher stopped"
    lookout.before_scan()
    assert lookout.tick(100) is None
    Path(folder.path, "sub", "a").write_text("x")
    wait_for(hints, "sub/a")


def test_losses_make_renewals_no_more_often_than_looks_at_everything_are_cheap(
    follow: Make, hints: Hints
) -> None:
    lookout = follow("auto")
    lookout.looked(cost_s=99)
    hints.lose("something")
    assert lookout.tick(0) == "something"
    lookout.before_scan()
    hints.lose("something else")
    assert lookout.tick(SLOWEST_S - 1) is None
    assert lookout.tick(SLOWEST_S) == "something else", "it is not forgotten while it waits"


@linux_only
def test_a_limit_is_bridged_by_looks_of_our_own_until_it_is_raised(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-Ur", "true"], capture_output=True).returncode:
        pytest.skip("needs a user namespace of its own to lower the limit in")
    for number in range(20):
        (tmp_path / "study" / f"d{number}").mkdir(parents=True)
    script = f"""
import sys
from pathlib import Path
from jatossync.local.root import StudyFolder
from jatossync.local.scan import Scanner
from jatossync.lookout import Lookout
from jatossync.threads import Hints
from tests.awaiting import wait_until
limit = Path("/proc/sys/user/max_inotify_watches")
limit.write_text("10")
folder = StudyFolder.open(sys.argv[1])
def lookout(mode):
    made = Lookout(folder, Scanner(folder, [], [], []), mode, Hints(lambda: None))
    made.start()
    return made
events = lookout("events")
assert events.status.mode == "events" and "no more" in events.status.why
events.stop()
one = lookout("auto")
assert one.status.mode == "poll" and "max_user_watches" in one.status.advice
assert one.tick(0) is not None
one.before_scan()
assert one.status.mode == "poll"
limit.write_text("1000")
tries = [second for second in range(1, 100) if "more by now" in (one.tick(second) or "")]
assert tries == [{BLIND_RETRY_S}], tries
one.before_scan()
one.tick(3 * {BLIND_RETRY_S})
assert (one.status.mode, one.status.why) == ("events", ""), one.status
one.stop()
"""
    done = subprocess.run(
        ["unshare", "-Ur", sys.executable, "-W", "error", "-c", script, str(tmp_path / "study")],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
