"""The demo, as a newcomer runs it; and the words it is told in."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import wave
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import RawIOBase
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from jatossync.cli.demo.children import Child, environment, told
from jatossync.cli.demo.edits import Edit, edits
from jatossync.cli.demo.sides import Sides, fingerprint
from jatossync.cli.demo.stage import Workplace
from jatossync.cli.demo.study import png, write_example
from jatossync.cli.demo.tour import Tour
from jatossync.cli.demo.view import Arrival, PlainView, latency, plain, remark
from jatossync.core.paths import RelPath
from jatossync.errors import JatossyncError
from tests.awaiting import wait_until

DEADLINE_S = 100.0
COMMAND = [sys.executable, "-m", "jatossync", "demo"]
TITLES = (
    *("first sync", "new page", "edit", "picture", "subfolder"),
    *("rename", "delete", "video", "burst"),
)
EQUAL = re.compile(r"Both sides are equal: \d+ files, [\d.]+ MB, byte for byte\.")
UPLOADS = re.compile(r"\d+ uploads: every save went up once, no file twice with the same bytes\.")
ESCAPE = "\x1b"


class Demo:
    """One run of the demo that is read line by line while it goes on."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []

    def read_until(self, part: str) -> str:
        """The first line from here on with `part` in it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if part in line:
                return line
        raise AssertionError("\n".join([f"ended without {part!r}", *self.lines]))

    def end(self) -> int:
        """Wait for its end; the exit code."""
        assert self.process.stdout is not None
        self.lines += self.process.stdout.read().splitlines()
        return self.process.wait(DEADLINE_S)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@contextmanager
def demo(place: Path, *options: str, **variables: str) -> Iterator[Demo]:
    """Run it with `place` for everything temporary."""
    variables = {**os.environ, "TMPDIR": str(place), "PYTHONWARNINGS": "error", **variables}
    with subprocess.Popen(
        [*COMMAND, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env=variables,
    ) as process:
        try:
            yield Demo(process)
        finally:
            process.terminate()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    found = tmp_path / "temporary"
    found.mkdir()
    return found


def files_in(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and modification times of everything in a folder."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in found
    }


def frames(screen: RawIOBase) -> Iterator[str]:
    """What is written to a terminal until its last writer has gone, which Linux calls an error."""
    with suppress(OSError):
        while part := screen.read(65536):
            yield part.decode("utf-8", "replace")


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):
            return True
    except URLError:
        return False


def has_ended(program: Child) -> bool:
    try:
        program.check()
    except JatossyncError:
        return True
    return False


# --- the whole of it ------------------------------------------------------------------------------


def test_every_edit_arrives_both_sides_are_equal_and_nothing_is_left_behind(
    tmp_path: Path, place: Path
) -> None:
    foreign = {"JATOSSYNC_TOKEN": "no token", "STATE_DIRECTORY": str(tmp_path / "state")}
    with demo(place, **foreign) as run:
        assert run.end() == 0, run.text
    told_titles = [title for line in run.lines for title in TITLES if line.startswith(title + " ")]
    assert told_titles == list(TITLES)
    assert all(re.search(r"\d\.\d\d s", line) for line in run.lines if line.startswith(TITLES))
    assert EQUAL.search(run.text)
    assert UPLOADS.search(run.text)
    assert ESCAPE not in run.text
    assert "jap_" not in run.text
    assert list(place.iterdir()) == []
    assert not (tmp_path / "state").exists()


def test_a_copy_of_the_users_study_is_played_with_and_the_study_itself_stays_untouched(
    tmp_path: Path, place: Path
) -> None:
    study = tmp_path / "mine"
    (study / "sub dir").mkdir(parents=True)
    (study / ".git").mkdir()
    (study / "experiment.html").write_text("<h1>Mine</h1>", "utf-8")
    (study / "sub dir/ä+b.js").write_text("1;", "utf-8")
    (study / ".env").write_text("PASSWORD=1", "utf-8")
    (study / ".git/HEAD").write_text("ref", "utf-8")
    (study / ".jatosignore").write_text("*.mp4\n", "utf-8")
    (study / "smile.png").write_bytes(b"my own smile")
    (study / "practice").write_text("a file of this name", "utf-8")
    (study / "nothing.txt").touch()
    before = files_in(study)

    with demo(place, "--keep", "--folder", str(study)) as run:
        copy = Path(run.read_until("the folder").split()[-1])
        page = run.read_until("the server").split()[2]
        run.read_until("Ctrl-C ends it.")
        assert EQUAL.search(run.text)
        assert "  .env: may hold passwords" in run.text
        assert "  nothing.txt: it is empty" in run.text
        assert ".git" not in run.text
        assert re.search(r"^edit +experiment\.html ", run.text, re.MULTILINE)
        assert re.search(r"^video .*stays here", run.text, re.MULTILINE)
        (copy / "by hand.html").write_text("I play with it", "utf-8")
        run.read_until("uploaded  by hand.html  14 B")
        assert answers(page)
        run.process.send_signal(signal.SIGINT)
        assert run.end() == 0, run.text

    assert files_in(study) == before
    assert f"Stopped. You changed files, so they stay: {copy}" in run.text
    assert (copy / "by hand.html").exists()
    assert list(copy.parent.iterdir()) == [copy], "token, state and logs are gone"
    assert not answers(page)


def test_ctrl_c_stops_both_programs_and_removes_everything(place: Path) -> None:
    with demo(place) as run:
        page = run.read_until("the server").split()[2]
        run.read_until("picture")
        assert answers(page)
        run.process.send_signal(signal.SIGINT)
        run.process.send_signal(signal.SIGINT)
        assert run.end() == 130, run.text
    assert run.lines[-1].startswith("Stopped before the end, and removed ")
    assert "Traceback" not in run.text
    assert list(place.iterdir()) == []
    assert not answers(page)


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("no_color", ["", "1"])
def test_on_a_terminal_the_table_is_drawn_and_the_cursor_comes_back(
    place: Path, no_color: str
) -> None:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    variables = {"TMPDIR": str(place), "TERM": "xterm-256color", "NO_COLOR": no_color}
    process = subprocess.Popen(
        COMMAND, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **variables}
    )
    os.close(theirs)
    drawn, interrupted = "", False
    with os.fdopen(ours, "rb", buffering=0) as screen, process:
        for part in frames(screen):
            drawn += part
            if not interrupted and "uploaded  instructions.html" in drawn:
                process.send_signal(signal.SIGINT)
                interrupted = True
    assert process.returncode == 130
    assert "jatossync says" in drawn
    assert "✓" in drawn
    assert drawn.index("\x1b[?25l") < drawn.rindex("\x1b[?25h"), "the cursor is shown again"
    assert bool(re.search(r"\x1b\[(?:\d+;)*3[1-6]", drawn)) is not bool(no_color)
    assert list(place.iterdir()) == []


def test_without_the_extra_one_message_says_what_to_type() -> None:
    program = (
        "import sys; sys.modules['python_multipart'] = None\n"
        "from jatossync.cli.main import run; sys.exit(run(['demo']))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 1
    assert "-m pip install python-multipart" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_without_a_file_to_mirror_is_said_to_be_one(tmp_path: Path, place: Path) -> None:
    (tmp_path / "mine").mkdir()
    with demo(place, "--folder", str(tmp_path / "mine")) as run:
        assert run.end() == 1
    assert "there is no file that jatossync would mirror" in run.text
    assert list(place.iterdir()) == []


# --- when something goes wrong --------------------------------------------------------------------


def test_a_program_that_ends_is_told_with_its_last_lines(tmp_path: Path) -> None:
    arguments = ["jatossync", "run", "--config", "missing.yaml"]
    with Child("`jatossync run`", arguments, tmp_path / "out", tmp_path / "log") as program:
        wait_until(lambda: has_ended(program), "its end")
        with pytest.raises(JatossyncError, match=r"exit code 78; its last lines:\n.*missing\.yaml"):
            program.check()


def test_a_log_is_read_line_by_line_and_no_line_twice(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Child("nothing", ["this"], tmp_path / "out", log) as program:
        log.write_bytes(b"one\ntw")
        assert program.new_lines() == ["one"]
        log.write_bytes(b"one\ntwo\n")
        assert program.new_lines() == ["two"]
        assert program.new_lines() == []


def test_the_programs_get_nothing_of_the_users_own_jatossync() -> None:
    given = {"JATOSSYNC_TOKEN": "x", "CREDENTIALS_DIRECTORY": "x", "STATE_DIRECTORY": "x"}
    assert given.keys().isdisjoint(environment({**given, "PATH": "/bin"}))
    assert environment({**given, "PATH": "/bin"})["PATH"] == "/bin"


def test_what_is_kept_of_the_temporary_folder_stays_and_the_rest_goes() -> None:
    with Workplace() as place:
        (place.root / "study").mkdir()
        (place.root / "token").touch()
        place.keep(place.study)
    assert list(place.root.iterdir()) == [place.study]
    with Workplace() as other:
        (other.root / "study").mkdir()
    assert not other.root.exists()
    place.study.rmdir()
    place.root.rmdir()


@pytest.fixture
def both(tmp_path: Path) -> tuple[Path, Path]:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        (folder / "js").mkdir(parents=True)
        (folder / "index.html").write_text("page", "utf-8")
        (folder / "js/task.js").write_text("task", "utf-8")
    return here, there


def test_equal_folders_have_no_differences(both: tuple[Path, Path]) -> None:
    comparison = Sides(*both, "/assets/").compare()
    assert (comparison.files, comparison.bytes, comparison.differences) == (2, 8, ())


def test_other_bytes_of_the_same_size_missing_and_extra_files_are_differences(
    both: tuple[Path, Path],
) -> None:
    here, there = both
    (there / "index.html").write_text("pope", "utf-8")
    (there / "js/task.js").unlink()
    (there / "extra.txt").write_text("x", "utf-8")
    assert Sides(here, there, "/assets/").compare().differences == (
        "extra.txt: only on JATOS",
        "index.html: other bytes on JATOS",
        "js/task.js: only in the folder",
    )


def test_a_secret_that_arrived_is_a_difference(both: tuple[Path, Path]) -> None:
    for folder in both:
        (folder / ".env").write_text("PASSWORD=1", "utf-8")
    assert Sides(*both, "/assets/").compare().differences == (".env: only on JATOS",)


def tour_of(both: tuple[Path, Path]) -> Tour:
    tour = Tour(Sides(*both, "/assets/"), PlainView(), lambda: None)
    tour.make(Edit("first sync", "2 files", lambda: [RelPath("index.html"), RelPath("js/task.js")]))
    return tour


def test_a_file_that_went_up_twice_fails_the_demo(both: tuple[Path, Path]) -> None:
    tour = tour_of(both)
    once = Counter({"index.html": 1, "js/task.js": 1})
    assert tour.compare(lambda: once)[1] == 2
    with pytest.raises(JatossyncError, match=r"js/task\.js: 1 save, 2 uploads"):
        tour.compare(lambda: once + Counter({"js/task.js": 1}))


def test_sides_that_differ_in_the_end_fail_the_demo(both: tuple[Path, Path]) -> None:
    tour = tour_of(both)
    (both[1] / "js/task.js").unlink()
    with pytest.raises(JatossyncError, match=r"not equal:\n    js/task\.js: only in the folder"):
        tour.compare(Counter)


def test_an_edit_that_never_arrives_fails_the_demo(
    both: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jatossync.cli.demo.tour.PATIENCE_S", 0.05)
    (both[1] / "index.html").unlink()
    with pytest.raises(JatossyncError, match=r"1 file to go:\n    index\.html$"):
        tour_of(both)


# --- the study and the edits ----------------------------------------------------------------------


def test_the_example_study_has_a_page_a_picture_a_sound_and_subfolders(tmp_path: Path) -> None:
    write_example(tmp_path / "study")
    study = tmp_path / "study"
    page = (study / "index.html").read_text("utf-8")
    for file in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert file == "jatos.js" or (study / file).stat().st_size > 0
    assert (study / "images/keys.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    with wave.open(str(study / "sounds/wrong.wav")) as sound:
        assert sound.getnframes() == pytest.approx(0.3 * sound.getframerate())


def test_a_picture_is_a_valid_png() -> None:
    import struct
    import zlib

    picture = png([[(255, 0, 0), (0, 255, 0)]])
    assert picture[12:24] == b"IHDR" + struct.pack(">II", 2, 1)
    length = struct.unpack(">I", picture[33:37])[0]
    assert zlib.decompress(picture[41 : 41 + length]) == b"\0\xff\0\0\0\xff\0"
    assert picture.endswith(b"IEND" + struct.pack(">I", zlib.crc32(b"IEND")))


def test_no_edit_writes_through_a_link_or_over_a_file_of_the_user(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "study", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (folder / "items").symlink_to(elsewhere)
    (folder / "smile.png").write_bytes(b"mine")
    (folder / "page.html").write_text("<h1>Page</h1>", "utf-8")
    touched = [edit.act() for edit in edits(folder, RelPath("page.html"))]
    assert list(elsewhere.iterdir()) == []
    assert (folder / "smile.png").read_bytes() == b"mine"
    assert touched[1] == ["page.html"]
    assert {fingerprint(folder / path) is None for path in touched[-1]} == {False}


# --- words ----------------------------------------------------------------------------------------


def test_an_edit_is_told_with_the_seconds_it_took() -> None:
    line = plain(Arrival("picture", "smile.png", 0.414, None))
    assert line.split() == ["picture", "smile.png", "0.41", "s"]


def test_a_delete_says_that_it_waits_on_purpose() -> None:
    line = plain(Arrival("delete", "old.html", None, 2.345))
    assert line.endswith("2.35 s  deletes wait 2 s longer, in case the file comes back")


def test_a_rename_tells_when_the_new_name_was_there_and_when_the_old_one_was_gone() -> None:
    arrival = Arrival("rename", "a.png to b.png", 0.4, 2.4)
    assert latency(arrival) == "0.40 s"
    assert remark(arrival) == "old name gone after 2.40 s: deletes wait 2 s longer"


def test_what_the_users_rules_leave_out_is_told_so() -> None:
    assert "stays here" in plain(Arrival("video", "welcome.mp4", None, None))


def test_a_name_cannot_forge_a_line() -> None:
    assert "\n" not in plain(Arrival("edit", "a\nb", 0.4, None))
    assert told('{"event": "uploaded", "path": "a\\nb"}') == "uploaded  a\\nb"


def test_what_the_daemon_logs_is_told_in_words() -> None:
    line = '{"time": "…", "event": "uploaded", "path": "a.html", "size": 812, "ms": 9}'
    assert told(line) == "uploaded  a.html  812 B  9 ms"
    assert told("no JSON") == "no JSON"
