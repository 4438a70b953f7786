"""
What jatossync tells while it runs: structured lines for people, machines and the journal.

Every line, whatever library it comes from, passes `redact` as its last step (law 12).
"""

from __future__ import annotations

import atexit
import importlib
import json
import logging
import os
import queue
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from functools import partial
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_TOKEN = re.compile(r"jap_[0-9A-Za-z]{20,}")

# The order of a line for people. These stand for themselves; all other fields are key=value.
_BARE = ("path", "reason", "size", "ms", "sent", "bytes_per_s", "left_s")

_JOURNAL_PRIORITY = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}

WAITING_LINES = 10_000
"""So many lines wait for whoever reads the log; what comes then is lost, and counted."""

FAREWELL_S = 1.0
"""So long what is said may take to be taken in where something waits for it, as at the end."""

AGAIN_S = 0.05
"""How soon to try again where a full pipe says so instead of waiting."""

_DIM, _YELLOW, _RED, _PLAIN = "\033[2m", "\033[33m", "\033[31m", "\033[0m"
_COLOUR = {"debug": _DIM, "warning": _YELLOW, "error": _RED, "critical": _RED}

Fields = MutableMapping[str, Any]
ErrorInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]
"""As `sys.exc_info()` tells it."""


def redact(text: str) -> str:
    """`text` without anything that looks like a JATOS token, also one with a slip in it."""
    return _TOKEN.sub("jap_***", text)


def setup(level: str, format: str, stream: TextIO) -> None:  # noqa: A002  (the option's name)
    """
    Send all log lines of this process to `stream`; may be called again.

    Args:
        level: `debug`, `info`, `warning` or `error`: what is less is not told.
        format: `console`, `json`, `journal`, or `auto`: `journal` where systemd's journal is at the
            other end of the stream, else `console`.
    """
    global _log, _sink
    if _sink is None or _sink.stream is not stream:
        end()
        _sink = _Sink(stream)
    if format == "auto":
        format = "journal" if _is_journal(stream) else "console"  # noqa: A001
    structlog = _structlog()
    stamper = structlog.processors.TimeStamper
    stamps = {
        "console": [stamper("%H:%M:%S", utc=False, key="time")],
        "json": [stamper("iso", utc=True, key="time")],
    }
    form = {"journal": _journal, "json": _json}.get(format) or _Console(_has_colours(stream))

    def render(_logger: object, _method: str, fields: Fields) -> str:
        return redact(form(fields))

    _log = structlog.wrap_logger(
        _sink,
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            *stamps.get(format, []),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    _take_over_standard_logging()


def _structlog() -> ModuleType:
    """
    The library, loaded only where something is logged.

    It imports rich wherever it finds it, for a form that is not used here; the daemon draws nothing
    and does without.
    """
    missing = "rich" not in sys.modules
    if missing:
        sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("structlog")
    finally:
        if missing:
            del sys.modules["rich"]


def say(level: str, event: str, error: ErrorInfo | None = None, /, **fields: object) -> None:
    """
    One line of the log, once `setup` said where it goes; from any thread.

    Args:
        error: Its traceback is told with it.
    """
    if _log is not None:
        _log.log(logging.getLevelNamesMapping()[level.upper()], event, exc_info=error, **fields)


def flush() -> None:
    """Wait until all lines are taken in; where nobody does that, only for a while."""
    if _sink is not None:
        _sink.flush()


def end() -> None:
    """Nothing more is logged; what was is still taken in, if somebody does that soon."""
    global _log, _sink
    if _sink is not None:
        _sink.close()
    _log = _sink = None


atexit.register(end)


def complain(text: str, level: str) -> None:
    """
    Say to stderr what is no line of the log: an error that ends a command, or a remark.

    It stands below all that was logged before, and above what whoever calls this prints next.
    """
    if sys.stderr is None:  # pythonw
        return
    text = redact(text)
    if _is_journal(sys.stderr):
        text = _prioritised(text, level)
    if _sink is not None and _sink.stream is sys.stderr:
        _sink.write(text)
        _sink.flush()
        return
    with suppress(OSError, ValueError):  # as in `_Sink`: nobody to hear it is no reason to end
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


# --- forms ---------------------------------------------------------------------------------------


class _Console:
    """`12:03:04  uploaded  js/task.js  12 kB  38 ms`"""

    def __init__(self, colours: bool) -> None:
        self._colours = colours

    def __call__(self, fields: Fields) -> str:
        now, level = str(fields.pop("time")), str(fields.pop("level"))
        text = _sentence(fields)
        if level != "info":
            text = f"{level}: {text}"
        if self._colours:
            now = f"{_DIM}{now}{_PLAIN}"
            text = f"{_COLOUR[level]}{text}{_PLAIN}" if level in _COLOUR else text
        return f"{now}  {text}"


def _journal(fields: Fields) -> str:
    """`<6>uploaded  js/task.js …`: the journal adds the time, and wants a priority on each line."""
    level = str(fields.pop("level"))
    return _prioritised(_sentence(fields), level)


def _prioritised(text: str, level: str) -> str:
    priority = _JOURNAL_PRIORITY[level]
    return "\n".join(f"<{priority}>{line}" for line in text.splitlines())


def _json(fields: Fields) -> str:
    order = dict.fromkeys(["time", "level", "event", *_BARE, *fields])
    return json.dumps({key: fields[key] for key in order if key in fields}, default=str)


def _sentence(fields: Fields) -> str:
    """The event and its fields in one line, then, indented, the traceback if there is one."""
    exception = str(fields.pop("exception", ""))
    parts = [escaped(fields.pop("event"))]
    parts += [_bare(key, fields.pop(key)) for key in _BARE if key in fields]
    parts += [f"{key}={_quoted(value)}" for key, value in fields.items()]
    lines = ["  ".join(parts), *(f"    {escaped(line)}" for line in exception.splitlines())]
    return "\n".join(lines)


def _bare(key: str, value: object) -> str:
    if key in ("size", "sent") and isinstance(value, int):
        return human_size(value) if key == "size" else f"{human_size(value)} sent"
    if key == "bytes_per_s" and isinstance(value, int):
        return f"{human_size(value)}/s"
    if key == "left_s" and isinstance(value, int):
        return f"{value} s left"
    if key == "ms" and isinstance(value, (int, float)):
        return f"{value:.0f} ms" if value < 10_000 else f"{value / 1000:.0f} s"
    text = escaped(value)
    return f'"{text}"' if "  " in text or text != text.strip() else text


def human_size(count: int) -> str:
    """Bytes as people read them: `812 B`, `12 kB`, `3.4 MB`."""
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.1f} {unit}" if unit != "B" and amount < 9.95 else f"{amount:.0f} {unit}"


def _quoted(value: object) -> str:
    text = escaped(value)
    return text if re.fullmatch(r"[^\s\"=]+", text) else '"' + text.replace('"', '\\"') + '"'


def escaped(value: object) -> str:
    """In one line that nothing hides in: a name may have line ends, escape codes, even a token."""
    text = redact(str(value))
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# --- where it goes -------------------------------------------------------------------------------


class _Sink:
    """
    Takes whole lines, from any thread, and never keeps one waiting.

    A thread of its own writes them: a pager that is not scrolled, or Ctrl-S in a terminal, stops
    that one and not the mirroring.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        # Past the stream's buffer: Python aborts at its end where a thread still waits with one.
        self._raw: Any = getattr(getattr(stream, "buffer", None), "raw", None)
        # A SimpleQueue and an RLock, since a destructor may log in the middle of all this.
        self._todo: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._lock = threading.RLock()
        self._lost = 0
        self._thread = threading.Thread(target=self._loop, name="log", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Have it written in its turn, or count it as lost."""
        if threading.current_thread() is self._thread:
            self._write(line)
            return
        with self._lock:
            if not self._lost and self._todo.qsize() < WAITING_LINES:
                self._todo.put(partial(self._write, line))
                return
            if not self._lost:  # said at its place: where the first of them would stand
                self._todo.put(self._tell_lost)
            self._lost += 1

    debug = info = warning = error = critical = write

    def flush(self) -> None:
        """Wait until what was said so far is written, but not for ever."""
        if threading.current_thread() is not self._thread:
            written = threading.Event()
            self._todo.put(written.set)
            written.wait(FAREWELL_S)

    def close(self) -> None:
        """`flush`, and let the thread end."""
        self.flush()
        self._todo.put(None)

    def _loop(self) -> None:
        while (do := self._todo.get()) is not None:
            do()

    def _tell_lost(self) -> None:
        with self._lock:
            lost, self._lost = self._lost, 0
        say("warning", "lines of this log were lost", reason="nobody took them in", count=lost)

    def _write(self, line: str) -> None:
        # Closed, or nobody reads it any more: no reason to end.
        with suppress(OSError, ValueError):
            if self._raw is None:
                encoded = line.encode(self._encoding, "backslashreplace")
                self.stream.write(encoded.decode(self._encoding) + "\n")
                self.stream.flush()
            else:
                self._write_raw((line + os.linesep).encode(self._encoding, "backslashreplace"))

    def _write_raw(self, data: bytes) -> None:
        while data:
            written = self._raw.write(data)
            if written is None:  # whoever shares the pipe has set it to O_NONBLOCK
                time.sleep(AGAIN_S)
            else:
                data = data[written:]


_sink: _Sink | None = None
_log: FilteringBoundLogger | None = None


class _Standard(logging.Handler):
    """The records of libraries, as lines like all others."""

    def emit(self, record: logging.LogRecord) -> None:
        level = min(max(record.levelno // 10, 1), 5) * 10  # those between are rounded down
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001  (whatever is wrong, it must not end the thread that told)
            message = str(record.msg)
        say(logging.getLevelName(level).lower(), message, record.exc_info, logger=record.name)


def _take_over_standard_logging() -> None:
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, _Standard)]
    root.addHandler(_Standard())
    root.setLevel(logging.WARNING)
    # httpx tells every request at INFO, and httpcore every header at DEBUG.
    for name in ("httpx", "httpcore", "watchdog"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _is_journal(stream: TextIO) -> bool:
    """
    Whether systemd's journal reads `stream`.

    Source: systemd.exec(5), `$JOURNAL_STREAM`: device and inode; the variable alone is inherited by
    every terminal of a desktop session.
    """
    try:
        stat = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{stat.st_dev}:{stat.st_ino}"


def _has_colours(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return False
    return os.name != "nt" or "WT_SESSION" in os.environ  # older Windows consoles show the codes


# --- what nobody expected ------------------------------------------------------------------------


def install_excepthooks() -> None:
    """Tracebacks that Python itself prints to stderr are redacted too, from all threads."""
    sys.excepthook = _print_redacted
    threading.excepthook = _thread_failed
    sys.unraisablehook = _unraisable


def _thread_failed(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit:
        return
    name = args.thread.name if args.thread else "?"
    _print_redacted(
        args.exc_type, args.exc_value, args.exc_traceback, f"Exception in thread {name}:"
    )


def _unraisable(args: sys.UnraisableHookArgs) -> None:
    message = args.err_msg or "Exception ignored in"
    _print_redacted(
        args.exc_type, args.exc_value, args.exc_traceback, f"{message}: {args.object!r}"
    )


def _print_redacted(
    kind: type[BaseException],
    error: BaseException | None,
    trace: TracebackType | None,
    heading: str = "",
) -> None:
    lines = traceback.format_exception(kind, error, trace)
    complain("".join([f"{heading}\n" if heading else "", *lines]).rstrip("\n"), "error")
