"""Takes the one file out of an upload's body, without ever holding it in memory."""

import logging
import tempfile
from collections.abc import Iterable
from pathlib import Path

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from jatossync.emulator.dialects import Refusal, RefusedError

# It warns about bytes after the last boundary, which JATOS ignores in silence.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())

PART_NAME = b"studyAssetsFile"


class Upload:
    """A received file: where it lies for now, its size in bytes and its part's filename."""

    def __init__(self, folder: Path) -> None:
        # Closed by `receive`; the name must outlive it, so that the file can be moved.
        self._file = tempfile.NamedTemporaryFile(dir=folder, delete=False)  # noqa: SIM115
        self.path = Path(self._file.name)
        self.size = 0
        self.filename = ""
        self.complete = False
        self._name = b""
        self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._wanted = False

    @property
    def missing(self) -> bool:
        """JATOS takes an empty file, or one without a name, for no file at all."""
        return not self.size

    def receive(self, boundary: bytes, body: Iterable[bytes]) -> None:
        """Parse the whole body; raises RefusedError where it is no complete multipart."""
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._part_data,
                "on_end": self._end,
            },
        )
        try:
            for piece in body:
                parser.write(piece)
        except FormParserError as error:
            raise RefusedError(Refusal.BAD_BODY, problem=str(error)) from error
        finally:
            self._file.close()
        if not self.complete:
            raise RefusedError(Refusal.BAD_BODY, problem="Unexpected end of input")

    def discard(self) -> None:
        """Remove the file if nobody has moved it."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _part_begin(self) -> None:
        self._headers = {}
        self._name = self._value = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        filename = options.get(b"filename", b"").decode("utf-8", "replace")
        self._wanted = self.missing and options.get(b"name") == PART_NAME and filename != ""
        if self._wanted:
            self.filename = filename

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            self._file.write(data[start:end])
            self.size += end - start

    def _end(self) -> None:
        self.complete = True


def boundary_of(content_type: str) -> bytes | None:
    """The boundary of a multipart/form-data body; None for any other type of body."""
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return None
    if not options.get(b"boundary"):
        raise RefusedError(Refusal.BAD_BODY, problem="Missing boundary header")
    return options[b"boundary"]
