"""Trouble on order: what goes wrong on the wire, for which requests and how often."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from time import sleep
from typing import Any

_UNITS = {"ms": 0.001, "s": 1.0, "B/s": 1.0, "kB/s": 1e3, "KB/s": 1e3, "MB/s": 1e6, "GB/s": 1e9}
_TIMED = dict.fromkeys(("late", "stall", "latency"), ("ms", "s"))
_SLICE_BYTES = 16 * 1024


@dataclass(frozen=True)
class Fault:
    """One kind of trouble.

    `kind` is status, drop, lose, late, stall, cut, latency or rate; `amount` is the status code,
    seconds (late, stall, latency) or bytes per second (rate).
    """

    kind: str
    amount: float = 0

    def carry(self, body: Iterator[bytes]) -> Iterator[bytes]:
        """A request's body as it arrives: later (latency) or slowly (rate)."""
        if self.kind == "latency":
            sleep(self.amount)
        if self.kind != "rate":
            yield from body
            return
        for piece in body:
            for start in range(0, len(piece), _SLICE_BYTES):
                part = piece[start : start + _SLICE_BYTES]
                sleep(len(part) / self.amount)
                yield part


NO_FAULT = Fault("none")


def parse_fault(text: str) -> Fault:
    """`status:503`, `drop`, `lose`, `late:5s`, `stall:5s`, `cut`, `latency:20ms`, `rate:1MB/s`."""
    kind, _, argument = text.partition(":")
    if kind in ("drop", "lose", "cut") and not argument:
        return Fault(kind)
    if kind == "status" and re.fullmatch(r"[2-5]\d\d", argument):
        return Fault(kind, int(argument))
    units = ("B/s", "kB/s", "KB/s", "MB/s", "GB/s") if kind == "rate" else _TIMED.get(kind, ())
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(\D+)", argument)
    if not found or found[2] not in units or (kind == "rate" and not float(found[1])):
        raise ValueError(f"no such fault: {text!r}")
    return Fault(kind, float(found[1]) * _UNITS[found[2]])


@dataclass
class _Rule:
    method: str
    path: str
    left: int | None
    fault: Fault

    def fits(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and fnmatchcase(path, self.path) and self.left != 0


def _parse_rule(rule: dict[str, Any]) -> _Rule:
    unknown = rule.keys() - {"method", "path", "times", "do"}
    if unknown:
        raise ValueError(f"unknown keys in a fault: {sorted(unknown)}")
    fault = parse_fault(str(rule["do"]))
    return _Rule(rule.get("method", "*"), rule.get("path", "*"), rule.get("times"), fault)


class Faults:
    """The list of rules; the first that fits a request acts, `times` times (none = always)."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def replace(self, rules: list[dict[str, Any]]) -> None:
        """Take new rules in place of all old ones; raises ValueError for a bad one."""
        parsed = [_parse_rule(rule) for rule in rules]
        with self._lock:
            self._rules = parsed

    def take(self, method: str, path: str) -> Fault:
        """The fault for this request, counted; `path` is decoded and below the API."""
        with self._lock:
            rule = next((each for each in self._rules if each.fits(method, path)), None)
            if rule is None:
                return NO_FAULT
            if rule.left is not None:
                rule.left -= 1
            return rule.fault
