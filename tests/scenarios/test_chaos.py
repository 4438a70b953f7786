"""All at once and at random, on the real kernel: in the end both are equal, nothing is lost."""

import ctypes
import os
import random
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Daemon, Study, files_below

FILES = ["a", "b", "c.js", "d.js", "e.png", "f.html"]
DIRECTORIES = ["x", "y", "z"]
"""Names of their own: no JATOS can turn every directory into a file."""


class Hands:
    """Somebody, or something, that does with a folder whatever else can be done."""

    def __init__(self, study: Study, daemon: Daemon, chance: random.Random) -> None:
        self._top = study.folder
        self._outside = study.place / "outside"
        self._outside.mkdir()
        self._daemon = daemon
        self._chance = chance

    def act(self) -> None:
        """One thing; what cannot be done just now is not done."""
        act = self._chance.choice(
            [
                *([self.write] * 6),
                *([self.replace] * 3),
                *([self.move] * 4),
                self.remove,
                self.move_out,
                self.move_in,
                self.trash_sequence,
                self.exchange,
                self.link,
                self.lock,
                self.hiccup,
            ]
        )
        with suppress(
            OSError, shutil.Error, IndexError, ValueError
        ):  # there is nothing to do it to
            act()

    def _directories(self) -> list[Path]:
        inner = [path for path in self._top.rglob("*") if path.is_dir() and not path.is_symlink()]
        return [self._top, *sorted(inner)]

    def _directory(self) -> Path:
        return self._chance.choice(self._directories())

    def _anything(self) -> Path:
        return self._chance.choice(sorted(self._top.rglob("*")))

    def _name(self, like: Path | None = None) -> Path:
        names = DIRECTORIES if like and like.is_dir() and not like.is_symlink() else FILES
        return self._directory() / self._chance.choice(names)

    def write(self) -> None:
        file = self._name()
        if self._chance.random() < 0.3:
            directories = self._chance.choices(DIRECTORIES, k=2)
            file = self._directory().joinpath(*directories, file.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self._chance.randbytes(self._chance.randrange(1, 900)))

    def replace(self) -> None:
        file = self._name()
        saved = file.with_name(file.name + ".part")
        saved.write_bytes(self._chance.randbytes(300))
        saved.replace(file)

    def move(self) -> None:
        moved = self._anything()
        moved.rename(self._name(moved))

    def remove(self) -> None:
        victim = self._anything()
        shutil.rmtree(victim) if victim.is_dir() and not victim.is_symlink() else victim.unlink()

    def move_out(self) -> None:
        self._anything().rename(self._outside / str(self._chance.randrange(5)))

    def move_in(self) -> None:
        moved = self._chance.choice(sorted(self._outside.iterdir()))
        moved.rename(self._name(moved))

    def trash_sequence(self) -> None:
        """It ends the thread of a plain watchdog."""
        directory = self._chance.choice(self._directories()[1:])
        trashed = self._outside / "trashed"
        directory.rename(trashed)
        directory.mkdir()
        directory.rmdir()
        shutil.rmtree(trashed)

    def exchange(self) -> None:
        """Two directories change places in one step; a plain watchdog mixes them up for ever."""
        one, other = self._chance.sample(self._directories()[1:], 2)
        at_cwd, flag = -100, 2
        libc = ctypes.CDLL(None, use_errno=True)
        libc.renameat2(at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), flag)

    def link(self) -> None:
        link = self._name()
        link.symlink_to(self._chance.choice([".", "..", str(self._outside), "nowhere"]))
        if self._chance.random() < 0.8:
            link.unlink()

    def lock(self) -> None:
        directory = self._chance.choice(self._directories()[1:])
        directory.chmod(0)
        directory.chmod(0o755)

    def hiccup(self) -> None:
        """The program gets no turn for a while."""
        self._daemon.process.send_signal(signal.SIGSTOP)
        for _ in range(20):
            with suppress(OSError):
                self.write()
        self._daemon.process.send_signal(signal.SIGCONT)


def tidy(study: Study) -> None:
    """Of what a symlink took the place of, nothing is known while it is there."""
    for path in sorted(study.folder.rglob("*")):
        if path.is_symlink():
            path.unlink()


def approve_what_is_held(study: Study) -> None:
    """More files went than are there now, and that is no accident."""
    for _ in range(20):
        study.await_rest()
        if study.in_step():
            return
        study.cli("approve", "--all")


def endure(study: Study, chance: random.Random, acts: int) -> None:
    with study.run() as daemon:
        hands = Hands(study, daemon, chance)
        study.write("index.html", "run is at work")
        study.await_equal()
        for _ in range(acts):
            hands.act()
            if chance.random() < 0.05:
                time.sleep(chance.uniform(0, 0.4))
        tidy(study)
        approve_what_is_held(study)
        study.await_equal()
        # It sees again, wherever it was blind in between.
        for path in files_below(study.folder):
            study.write(path, f"seen at last: {path}")
        study.await_equal()


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("dialect", ["3.8", "3.10"])
def test_whatever_happens_to_a_folder_both_sides_end_equal(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    first_seed = int(os.environ.get("JATOSSYNC_SEED", "1"))
    for seed in range(first_seed, first_seed + 3):
        place = tmp_path / f"JATOSSYNC_SEED={seed}"  # shown by a failure
        place.mkdir()
        endure(Study(place, jatos(dialect)), random.Random(seed), acts=300)
