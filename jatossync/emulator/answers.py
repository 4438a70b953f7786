"""What the emulator sends back."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self

CHUNK = 256 * 1024


@dataclass
class Answer:
    """Status, headers and a body: bytes, or a file that is open until the answer is left.

    `chunked` sends the body without announcing its length; `close` ends the connection after it.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    file: BinaryIO | None = None
    size: int = 0
    chunked: bool = False
    close: bool = False

    @property
    def length(self) -> int:
        """Bytes in the body."""
        return self.size if self.file else len(self.body)

    def chunks(self, most: int) -> Iterator[bytes]:
        """The first `most` bytes of the body, in pieces that fit into memory."""
        if self.file is None:
            yield self.body[:most]
            return
        while most and (piece := self.file.read(min(CHUNK, most))):
            most -= len(piece)
            yield piece

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.close()


def file_answer(path: Path, headers: dict[str, str]) -> Answer:
    """200 with the content of a file, whatever happens to its name meanwhile."""
    file = path.open("rb")
    size = file.seek(0, 2)
    file.seek(0)
    return Answer(200, headers, file=file, size=size)
