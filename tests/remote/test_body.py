"""The body of an upload: exactly one version of the file, or no closing boundary (law 6)."""

import email.parser
import email.policy

import pytest

from jatossync.remote.body import (
    BOUNDARY,
    CHUNK_BYTES,
    AssetBody,
    Cancelled,
    CutOff,
    HoldsToken,
    SourceChanged,
)
from tests.remote.files import MemoryFile, content_of
from tests.remote.test_token import GOOD

BIG = bytes(range(256)) * (3 * CHUNK_BYTES // 256) + b"the end"


def body_of(file: MemoryFile) -> AssetBody:
    return AssetBody(file, content_of(file.data))


def cut(body: AssetBody) -> tuple[bytes, CutOff]:
    """What left before the body was cut, and why it was."""
    left: list[bytes] = []
    with pytest.raises(CutOff) as caught:
        left.extend(body)
    return b"".join(left), caught.value


@pytest.mark.parametrize("size", [1, 2, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, len(BIG)])
def test_the_body_is_one_part_with_the_file_and_has_the_announced_length(size: int) -> None:
    data = BIG[:size]
    body = body_of(MemoryFile(data))
    sent = b"".join(body)
    assert len(sent) == len(body)
    assert body.all_sent
    header = f"Content-Type: {body.content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(header + sent)
    (part,) = message.iter_parts()
    assert part.get_param("name", header="content-disposition") == "studyAssetsFile"
    assert part.get_filename() == "f"
    start = sent.index(b"\r\n\r\n") + 4
    assert sent[start : start + size] == data
    assert sent[start + size :] == f"\r\n--{BOUNDARY}--\r\n".encode()


def test_the_body_can_be_sent_again_from_its_beginning() -> None:
    body = body_of(MemoryFile(BIG))
    assert b"".join(body) == b"".join(body)


def test_no_piece_is_much_larger_than_a_chunk() -> None:
    assert max(len(piece) for piece in body_of(MemoryFile(BIG))) < CHUNK_BYTES + 1024


def test_the_last_bytes_and_the_boundary_leave_together() -> None:
    *before, last = body_of(MemoryFile(BIG))
    assert last.endswith(b"the end" + f"\r\n--{BOUNDARY}--\r\n".encode())
    assert not any(b"the end" in piece for piece in before)


def test_a_file_that_changed_before_its_last_chunk_was_read_is_cut() -> None:
    file = MemoryFile(BIG)
    body = body_of(file)
    file.at(len(BIG) - 1, lambda: setattr(file, "same", False))
    left, why = cut(body)
    assert isinstance(why, SourceChanged)
    assert b"the end" not in left
    assert not body.all_sent


def test_a_file_that_changed_early_is_cut_early() -> None:
    file = MemoryFile(BIG)
    body = body_of(file)
    file.at(0, lambda: setattr(file, "same", False))
    left, why = cut(body)
    assert isinstance(why, SourceChanged)
    assert left == b""


def test_bytes_that_are_not_the_planned_ones_never_get_their_boundary() -> None:
    file = MemoryFile(BIG)
    body = body_of(file)
    file.at(CHUNK_BYTES, lambda: file.rewrite(b"x" * len(BIG)))
    left, why = cut(body)
    assert isinstance(why, SourceChanged)
    assert f"--{BOUNDARY}--".encode() not in left


def test_a_small_file_that_is_not_the_planned_one_sends_nothing() -> None:
    file = MemoryFile(b"new!")
    left, why = cut(AssetBody(file, content_of(b"old!")))
    assert left == b""
    assert isinstance(why, SourceChanged)


def test_a_file_that_became_shorter_is_cut() -> None:
    file = MemoryFile(BIG)
    body = body_of(file)
    file.at(CHUNK_BYTES, lambda: file.rewrite(BIG[: CHUNK_BYTES + 5]))
    left, why = cut(body)
    assert isinstance(why, SourceChanged)
    assert f"--{BOUNDARY}--".encode() not in left


def test_a_file_that_cannot_be_read_any_more_is_cut_with_the_reason() -> None:
    def broken_disk() -> None:
        raise OSError(5, "Input/output error")

    file = MemoryFile(BIG)
    body = body_of(file)
    file.at(CHUNK_BYTES, broken_disk)
    _, why = cut(body)
    assert isinstance(why, SourceChanged)
    assert "Input/output error" in str(why)


def test_the_body_stops_at_the_next_chunk_when_asked_to() -> None:
    taken: list[int] = []
    body = AssetBody(
        MemoryFile(BIG), content_of(BIG), stop=lambda: len(taken) == 2, sent=taken.append
    )
    left, why = cut(body)
    assert isinstance(why, Cancelled)
    assert taken == [CHUNK_BYTES, 2 * CHUNK_BYTES]
    assert len(left) < 2 * CHUNK_BYTES + 1024


def test_progress_counts_the_files_own_bytes() -> None:
    taken: list[int] = []
    b"".join(AssetBody(MemoryFile(BIG), content_of(BIG), sent=taken.append))
    assert taken[-1] == len(BIG)
    assert taken == sorted(taken)


@pytest.mark.parametrize("offset", [0, 17, CHUNK_BYTES - 20, 3 * CHUNK_BYTES - 35])
def test_a_token_in_the_bytes_is_found_also_across_chunks_and_never_stored(offset: int) -> None:
    data = BIG[:offset] + GOOD.encode() + BIG[offset:]
    left, why = cut(body_of(MemoryFile(data)))
    assert isinstance(why, HoldsToken)
    assert GOOD.encode() not in left
    assert f"--{BOUNDARY}--".encode() not in left
    assert GOOD not in str(why)
