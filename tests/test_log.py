"""The log: lines that read well, tell no secret, and cannot be forged."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from jatossync import log

TOKEN = "jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"  # JATOS's own example
SECRET = TOKEN.removeprefix("jap_")

Said = Callable[[], str]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither the surroundings nor what a test sets up reach another test."""
    for name in ("NO_COLOR", "TERM", "JOURNAL_STREAM"):
        monkeypatch.delenv(name, raising=False)
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    log.end()


def said(level: str = "info", form: str = "console", stream: io.StringIO | None = None) -> Said:
    """Set the log up; what is returned gives what was written since."""
    stream = stream or io.StringIO()
    log.setup(level, form, stream)

    def text() -> str:
        log.flush()
        return stream.getvalue()

    return text


# --- for people ----------------------------------------------------------------------------------


def test_a_line_reads_event_path_size_and_time() -> None:
    text = said()
    log.say("info", "uploaded", ms=38.2, size=12_034, path="js/task.js")
    assert re.fullmatch(r"\d\d:\d\d:\d\d  uploaded  js/task\.js  12 kB  38 ms\n", text())


def test_other_fields_follow_with_their_names() -> None:
    text = said()
    log.say("warning", "held", path="a b.html", reason="too many", count=3, list="7 f")
    assert text()[10:] == 'warning: held  a b.html  too many  count=3  list="7 f"\n'


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_960, "10 kB"),
        (12_034, "12 kB"),
        (999_600, "1.0 MB"),
        (20_000_000, "20 MB"),
        (2_500_000_000, "2.5 GB"),
        (5_000_000_000_000, "5000 GB"),
    ],
)
def test_sizes_are_what_people_read(size: int, shown: str) -> None:
    assert log.human_size(size) == shown


def test_long_times_are_seconds() -> None:
    text = said()
    log.say("info", "uploaded", ms=61_200)
    assert text().endswith("uploaded  61 s\n")


def test_what_is_below_the_level_is_not_told() -> None:
    text = said("warning")
    log.say("info", "uploaded")
    log.say("warning", "held")
    assert "uploaded" not in text()
    assert "held" in text()


def test_a_file_name_cannot_forge_a_line_or_colours() -> None:
    text = said()
    log.say("info", "uploaded", path="a\n12:00:00  deleted  b\r\x1b[31m\u202e", note="x\ny")
    assert text().count("\n") == 1
    assert r"a\n12:00:00" in text()
    assert text()[:-1].isprintable()


def test_a_file_name_cannot_pass_for_another_field() -> None:
    text = said()
    log.say("info", "uploaded", path="a.js  12 kB", size=1)
    assert text().endswith('uploaded  "a.js  12 kB"  1 B\n')


def test_a_token_that_is_a_name_is_not_shown() -> None:
    token = "jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"
    assert log.escaped(f"notes/{token}.txt") == "notes/jap_***.txt"


def test_names_that_are_no_unicode_or_not_in_the_terminals_encoding_areescaped() -> None:
    raw = io.BytesIO()
    log.setup("info", "console", io.TextIOWrapper(raw, encoding="ascii"))
    log.say("info", "uploaded", path="M\u00fcller \udcff")
    log.flush()
    assert raw.getvalue().endswith(b"uploaded  M\\xfcller \\udcff\n")


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WT_SESSION", "x")
    text = said(stream=Terminal())
    log.say("error", "refused")
    assert "\033[31merror: refused\033[0m" in text()
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            text = said(stream=Terminal())
            log.say("error", "refused")
            assert "\033" not in text()
    text = said()
    log.say("error", "refused")
    assert "\033" not in text()


def test_a_traceback_stands_indented_below_its_line() -> None:
    text = said()
    try:
        raise ValueError("two\nlines")
    except ValueError:
        log.say("error", "failed", sys.exc_info(), path="a.js")
    first, *others = text().splitlines()
    assert first.endswith("error: failed  a.js")
    assert all(line.startswith("    ") for line in others)
    assert others[0] == "    Traceback (most recent call last):"
    assert others[-2:] == ["    ValueError: two", "    lines"]


# --- for machines and the journal ----------------------------------------------------------------


def test_json_has_one_object_a_line_with_the_same_fields() -> None:
    text = said(form="json")
    log.say("info", "uploaded", path="a\n\u00fc\udcff", size=12_034, ms=38.2, burst=4)
    log.say("warning", "held")
    first, second = map(json.loads, text().splitlines())
    assert list(first) == ["time", "level", "event", "path", "size", "ms", "burst"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", first.pop("time"))
    assert list(first.values()) == ["info", "uploaded", "a\n\u00fc\udcff", 12_034, 38.2, 4]
    assert second["level"] == "warning"


def test_a_traceback_is_a_field_of_the_same_json_object() -> None:
    text = said(form="json")
    try:
        raise ValueError("why")
    except ValueError:
        log.say("error", "failed", sys.exc_info())
    assert json.loads(text())["exception"].endswith("ValueError: why")


@pytest.mark.parametrize(("level", "number"), [("debug", 7), ("info", 6), ("warning", 4)])
def test_the_journal_gets_a_priority_and_no_time(level: str, number: int) -> None:
    text = said("debug", "journal")
    log.say(level, "uploaded", path="a.js")
    assert text() == f"<{number}>uploaded  a.js\n"


def test_every_line_for_the_journal_has_its_priority() -> None:
    text = said(form="journal")
    try:
        raise ValueError("why")
    except ValueError:
        log.say("error", "failed", sys.exc_info())
    assert len(text().splitlines()) > 2
    assert all(line.startswith("<3>") for line in text().splitlines())


def test_auto_is_the_journal_only_where_the_journal_reads_the_stream(
    monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    with open(os.path.join(tmp_path, "stderr"), "w+", encoding="utf-8") as stream:
        stat = os.fstat(stream.fileno())
        for journal, begin in (
            (f"{stat.st_dev}:{stat.st_ino}", "<6>uploaded"),
            (f"{stat.st_dev}:{stat.st_ino + 1}", r"\d\d:\d\d:\d\d  uploaded"),
        ):
            monkeypatch.setenv("JOURNAL_STREAM", journal)
            stream.seek(0)
            stream.truncate()
            log.setup("info", "auto", stream)
            log.say("info", "uploaded")
            log.flush()
            stream.seek(0)
            assert re.match(begin, stream.read())
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")
    text = said(form="auto")  # a stream without a descriptor
    log.say("info", "uploaded")
    assert not text().startswith("<")


# --- secrets -------------------------------------------------------------------------------------


class Opaque:
    def __repr__(self) -> str:
        return f"Opaque({TOKEN})"


@pytest.mark.parametrize("form", ["console", "json", "journal"])
def test_no_line_has_a_token_wherever_it_was_put(form: str) -> None:
    text = said("debug", form)
    log.say("info", f"{TOKEN} sent")
    log.say("info", "sent", path=f"x/{TOKEN}.txt", reason=TOKEN, note=f"Bearer {TOKEN}")
    log.say("info", "sent", nested={"deep": [TOKEN, (TOKEN.encode(),)]}, **{TOKEN: "as a key"})
    log.say("info", "sent", thing=Opaque(), headers=[("Authorization", f"Bearer {TOKEN}")])
    log.say("info", "sent", mistyped=TOKEN[:-1] + "0", cut=TOKEN[:-8], longer=TOKEN + "abc")
    logging.getLogger("httpx").warning("HTTP Request: %s", f"https://x/{TOKEN}")
    try:
        raise ValueError(TOKEN) from OSError(f"in {TOKEN!r}")
    except ValueError:
        log.say("error", "failed", sys.exc_info())
        logging.getLogger("watchdog.observers").exception("failed %s", Opaque())
    assert text().count("jap_***") >= 15
    assert SECRET[:12] not in text()


def test_what_only_looks_a_little_like_a_token_stays_readable() -> None:
    assert log.redact("jap_words.csv in jap_2024/") == "jap_words.csv in jap_2024/"


def test_libraries_are_told_through_the_same_pipe_from_warning_on() -> None:
    text = said("debug")
    for name in ("httpx", "httpcore.connection", "watchdog.observers.inotify_buffer"):
        logging.getLogger(name).info("chatter")
        logging.getLogger(name).warning("matters %d", 7)
    logging.getLogger("other").log(45, "odd level")
    assert "chatter" not in text()
    assert text().count("matters 7") == 3
    assert "error: odd level  logger=other" in text()


def test_a_librarys_broken_line_does_not_end_the_thread_that_told_it() -> None:
    text = said()
    [ours] = [each for each in logging.root.handlers if type(each).__module__ == log.__name__]
    ours.handle(logging.LogRecord("other", logging.ERROR, "", 0, "too few: %s %s", (1,), None))
    assert text().endswith("error: too few: %s %s  logger=other\n")


def test_setting_up_again_moves_all_lines_to_the_new_stream() -> None:
    first, second = said(), said()
    log.say("info", "uploaded")
    logging.getLogger("httpx").warning("matters")
    assert first() == ""
    assert second().count("\n") == 2


def test_a_stream_that_nobody_reads_any_more_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    log.setup("info", "console", stream)
    stream.close()
    log.say("info", "uploaded")
    reader, writer = os.pipe()
    os.close(reader)
    broken = os.fdopen(writer, "w", encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", broken)
    log.complain("others can read the token", "warning")
    log.setup("info", "console", broken)
    log.say("info", "uploaded")
    log.complain("others can read the token", "warning")
    with pytest.raises(BrokenPipeError):
        broken.close()  # what was said before there was a log


def test_lines_from_many_threads_stay_whole() -> None:
    text = said()

    def tell() -> None:
        for number in range(50):
            log.say("info", "uploaded", path="x" * 100, number=number)

    threads = [threading.Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(text().splitlines()) == 400
    assert all(re.search(r"x{100}  number=\d+$", line) for line in text().splitlines())


# --- nobody takes it in --------------------------------------------------------------------------


class Pipe:
    """Its reader looks only when it is told to."""

    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        self.writer = os.fdopen(writer, "w", encoding="utf-8")

    def close(self) -> None:
        os.close(self.reader)
        self.writer.close()

    def read_until(self, last: str) -> list[str]:
        taken = b""
        while last.encode() not in taken.rpartition(b"\n")[0]:
            taken += os.read(self.reader, 65536)
        return taken.decode().splitlines()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    with contextlib.closing(pipe):
        yield pipe


def fill(lines: int) -> None:
    for number in range(lines):
        log.say("info", "uploaded", path="x" * 1000, number=number)


def numbers(lines: list[str]) -> list[int]:
    return [int(line.rpartition("number=")[2]) for line in lines if "number=" in line]


def test_a_log_that_nobody_takes_in_keeps_nobody_waiting_and_is_there_later(pipe: Pipe) -> None:
    log.setup("info", "console", pipe.writer)
    fill(500)
    log.say("info", "stopped")
    lines = pipe.read_until("stopped")
    assert numbers(lines) == list(range(500))


def test_what_is_too_much_to_wait_is_counted_and_told_where_it_is_missing(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "WAITING_LINES", 100)
    log.setup("info", "console", pipe.writer)
    fill(500)
    lines = pipe.read_until("lines of this log were lost")
    told = len(numbers(lines))
    assert numbers(lines) == list(range(told))
    assert f"count={500 - told}" in lines[-1]
    log.say("info", "stopped")
    assert len(pipe.read_until("stopped")) == 1


def test_what_is_said_to_a_pipe_that_does_not_wait_arrives_whole(pipe: Pipe) -> None:
    os.set_blocking(pipe.writer.fileno(), False)
    log.setup("info", "console", pipe.writer)
    fill(500)
    log.say("info", "stopped")
    assert numbers(pipe.read_until("stopped")) == list(range(500))


def test_a_remark_stands_below_what_was_logged_before(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", pipe.writer)
    log.setup("info", "console", pipe.writer)
    fill(20)
    log.complain("others can read the token", "warning")
    lines = pipe.read_until("others can read the token")
    assert (len(lines), lines[-1]) == (21, "others can read the token")


ENDING = (
    "import sys\nfrom jatossync import log\nlog.setup('info', 'console', sys.stderr)\n"
    "for n in range(500): log.say('info', 'uploaded', path='x' * 1000, number=n)\n"
)


@pytest.mark.parametrize("end", ["", "log.complain('it failed', 'error')", "raise SystemExit(0)"])
def test_at_the_end_of_the_program_all_lines_are_there(end: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDING + end], stderr=subprocess.PIPE, text=True, check=True
    )
    lines = ended.stderr.splitlines()
    assert numbers(lines) == list(range(500))
    assert lines[500:] == (["it failed"] if "it failed" in end else [])


def test_a_program_whose_log_nobody_takes_in_ends_all_the_same(pipe: Pipe) -> None:
    ending = ENDING + "log.complain('it failed', 'error')\nsys.exit(3)"
    ended = subprocess.run(
        [sys.executable, "-c", ending], stderr=pipe.writer, timeout=30, check=False
    )
    assert ended.returncode == 3


# --- what nobody expected ------------------------------------------------------------------------


UNEXPECTED = {
    "in the main thread": "raise ValueError(token)",
    "chained": (
        "try:\n    raise OSError(token)\nexcept OSError as e:\n    raise ValueError(token) from e"
    ),
    "in a thread": (
        "import threading\n"
        "def work(): raise ValueError(token)\n"
        "t = threading.Thread(target=work, name=token)\nt.start()\nt.join()"
    ),
    "while an object goes": (
        "class Thing:\n"
        "    def __repr__(self): return token\n"
        "    def __del__(self): raise ValueError(token)\n"
        "thing = Thing()\ndel thing"
    ),
}


@pytest.mark.parametrize("code", UNEXPECTED.values(), ids=UNEXPECTED)
def test_an_unexpected_traceback_has_no_token(code: str) -> None:
    program = (
        "import os\nfrom jatossync.log import install_excepthooks\ninstall_excepthooks()\n"
        f"token = os.environ['SECRET']\n{code}\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "SECRET": TOKEN},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" in result.stderr
    assert "ValueError: jap_***" in result.stderr
    assert SECRET not in result.stderr + result.stdout
