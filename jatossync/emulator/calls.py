"""One request on its way through the API."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs

from jatossync.emulator.dialects import Refusal, RefusedError
from jatossync.emulator.wire import Head, content_length


@dataclass
class Call:
    """`target` is the request target as it arrives behind the proxy."""

    head: Head
    target: str
    body: Iterator[bytes]

    @property
    def page(self) -> str:
        """The path, still encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The parameters; the last of several with one name."""
        found = parse_qs(self.target.partition("?")[2], keep_blank_values=True)
        return {name: values[-1] for name, values in found.items()}

    def drain(self) -> None:
        """Read what is left of the body."""
        for _ in self.body:
            pass


def limited(head: Head, body: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """The body; refused as soon as it is known to be longer than `limit` bytes."""
    received = 0
    if (content_length(head) or 0) > limit:
        raise RefusedError(Refusal.TOO_LARGE)
    for piece in body:
        received += len(piece)
        if received > limit:
            raise RefusedError(Refusal.TOO_LARGE)
        yield piece
