"""The edits that a person makes while the daemon runs, one after another."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jatossync.cli.demo.study import png
from jatossync.core.paths import RelPath

VIDEO_BYTES = 20_000_000
BURST_FILES = 300

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1><p>Press the space bar to go on.</p></body>
</html>
"""


@dataclass(frozen=True)
class Edit:
    """One edit: `act` makes it and returns all paths that it touched."""

    title: str
    what: str
    act: Callable[[], list[RelPath]]
    removes: bool = False
    """Something goes away, which takes longer on purpose."""


def edits(folder: Path, page: RelPath | None) -> list[Edit]:
    """
    What a person does in `folder` on an ordinary day.

    Args:
        page: An existing page, to be edited; None: the new one is.
    """
    new_page = _unused(folder, "instructions.html")
    edited = page or new_page
    picture, renamed = _unused(folder, "smile.png"), _unused(folder, "feedback.png")
    block, video = _unused(folder, "practice"), _unused(folder, "welcome.mp4")
    items = _unused(folder, "items")
    return [
        Edit("new page", new_page, partial(_write, folder, {new_page: _page("Instructions")})),
        Edit("edit", edited, partial(_edit, folder, edited)),
        Edit("picture", picture, partial(_write, folder, {picture: smile()})),
        Edit("subfolder", f"{block}/, 4 files", partial(_write, folder, _block(block))),
        Edit("rename", f"{picture} to {renamed}", partial(_rename, folder, picture, renamed), True),
        Edit("delete", new_page, partial(_delete, folder, new_page), True),
        Edit("video", f"{video}, 20 MB", partial(_write_video, folder, video)),
        Edit("burst", f"{items}/, {BURST_FILES} files", partial(_write, folder, _items(items))),
    ]


def _unused(folder: Path, name: str) -> RelPath:
    """A name at the top of the folder that nothing has yet, so that no link leads out of it."""
    stem, dot, suffix = name.partition(".")
    number = 1
    while os.path.lexists(folder / name):
        number += 1
        name = f"{stem}-{number}{dot}{suffix}"
    return RelPath(name)


def _write(folder: Path, contents: dict[RelPath, bytes]) -> list[RelPath]:
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return list(contents)


def _edit(folder: Path, page: RelPath) -> list[RelPath]:
    """As most editors save: a new file under another name, moved over the old one."""
    file = folder / page
    draft = file.with_name(".goutputstream-DEMO")
    draft.write_bytes(file.read_bytes() + b"<!-- one more line -->\n")
    draft.replace(file)
    return [page]


def _rename(folder: Path, old: RelPath, new: RelPath) -> list[RelPath]:
    (folder / old).rename(folder / new)
    return [old, new]


def _delete(folder: Path, path: RelPath) -> list[RelPath]:
    (folder / path).unlink()
    return [path]


def _write_video(folder: Path, path: RelPath) -> list[RelPath]:
    beginning = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
    return _write(folder, {path: beginning + os.urandom(VIDEO_BYTES - len(beginning))})


def _page(title: str) -> bytes:
    return PAGE.format(title=title).encode()


def _block(folder: RelPath) -> dict[RelPath, bytes]:
    contents = {
        "index.html": _page("Practice"),
        "css/practice.css": b"h1 { color: #46a758; }\n",
        "js/practice.js": b'"use strict";\nconst trials = 6;\n',
        "stimuli/trials.json": b'[{ "word": "red", "colour": "blue" }]\n',
    }
    return {RelPath(f"{folder}/{path}"): content for path, content in contents.items()}


def _items(folder: RelPath) -> dict[RelPath, bytes]:
    return {
        RelPath(f"{folder}/item-{number:03}.svg"): _dots(number)
        for number in range(1, BURST_FILES + 1)
    }


def _dots(number: int) -> bytes:
    """As many dots as the number says: how many do you see?"""
    places = ((12 + 20 * (i % 20), 12 + 20 * (i // 20)) for i in range(number))
    circles = "".join(f'<circle cx="{x}" cy="{y}" r="7"/>' for x, y in places)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="404" height="304">{circles}</svg>'.encode()
    )


def smile() -> bytes:
    """A smiling face, 160 × 160."""
    return png([_smile_at(x - 80, y - 80) for x in range(160)] for y in range(160))


def _smile_at(x: int, y: int) -> tuple[int, int, int]:
    ink, skin, ground = (27, 29, 33), (245, 217, 10), (255, 255, 255)
    if x * x + y * y > 72 * 72:
        return ground
    is_eye = (abs(x) - 26) ** 2 + (y + 22) ** 2 < 9 * 9
    is_mouth = y > 8 and 40 * 40 < x * x + y * y < 48 * 48
    return ink if is_eye or is_mouth else skin
