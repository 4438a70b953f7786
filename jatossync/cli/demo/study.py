"""The study that is mirrored: the example that is written, or a copy of the user's own."""

from __future__ import annotations

import math
import os
import shutil
import struct
import wave
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from jatossync.cli.demo.sides import local_entries
from jatossync.core.ignore import IGNORE_FILE
from jatossync.core.model import Entry, Kind
from jatossync.core.paths import RelPath
from jatossync.errors import JatossyncError

EXAMPLE = Path(__file__).with_name("example")

Colour = tuple[int, int, int]

KEY_COLOURS: tuple[Colour, ...] = ((229, 72, 77), (70, 167, 88), (62, 142, 255), (245, 217, 10))
SAMPLES_A_SECOND = 22_050


def write_example(folder: Path) -> None:
    """A small Stroop task that runs in a browser; `folder` does not exist yet."""
    shutil.copytree(EXAMPLE, folder)
    keys = [KEY_COLOURS[x // 88] for x in range(352)]
    (folder / "images/keys.png").write_bytes(png([keys] * 88))
    (folder / "sounds").mkdir()
    write_tone(folder / "sounds/wrong.wav", hertz=220, seconds=0.3)


def copy_study(source: Path, folder: Path, check: Callable[[], None]) -> Mapping[RelPath, Entry]:
    """
    Copy what may take part, and what jatossync keeps back by itself; `source` stays as it is.

    What its rules ignore (`.git`, `node_modules` …) and what is no plain file stays out.

    Args:
        check: Called before each file; whatever it raises ends the copying.

    Returns:
        All that jatossync's rules say of `source`.

    Raises:
        ConfigError: `source` cannot be a study: a home directory, for example.
        JatossyncError: A file could not be copied, or there is none.
    """
    folder.mkdir()
    entries = local_entries(source)
    if not any(entry.kind is Kind.FILE for entry in entries.values()):
        raise JatossyncError(f"in {source} there is no file that jatossync would mirror")
    for path, entry in entries.items():
        check()
        try:
            if entry.kind is Kind.DIRECTORY:
                (folder / path).mkdir(parents=True, exist_ok=True)
            elif _is_copied(source / path, entry):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source / path, folder / path)
        except OSError as exc:
            raise JatossyncError(f"{source / path} could not be copied: {exc.strerror}") from exc
    return entries


def _is_copied(file: Path, entry: Entry) -> bool:
    wanted = entry.kind in (Kind.FILE, Kind.EMPTY) or entry.quarantined or file.name == IGNORE_FILE
    return wanted and file.is_file() and not file.is_symlink()


def png(rows: Iterable[Iterable[Colour]]) -> bytes:
    """A picture from its pixels, row by row."""
    lines = [b"".join(bytes(pixel) for pixel in row) for row in rows]
    header = struct.pack(">IIBBBBB", len(lines[0]) // 3, len(lines), 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + line for line in lines))
    parts = [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_part(kind, content) for kind, content in parts)


def _png_part(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def write_tone(file: Path, hertz: int, seconds: float) -> None:
    """A sine that fades, as a WAV file."""
    count = int(seconds * SAMPLES_A_SECOND)
    samples = (
        12_000 * (1 - i / count) * math.sin(2 * math.pi * hertz * i / SAMPLES_A_SECOND)
        for i in range(count)
    )
    with wave.open(os.fspath(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLES_A_SECOND)
        sound.writeframes(b"".join(struct.pack("<h", int(sample)) for sample in samples))
