"""The long tests would see a mixture of two versions, and half of one."""

from __future__ import annotations

from pathlib import Path

from tests.long.versions import Journal, Journals, body, digest, version


def test_only_what_stood_in_a_file_is_a_version(tmp_path: Path) -> None:
    journals, journal = Journals(tmp_path / "journals"), Journal(tmp_path / "journals", "w0")
    saved, whole = version("w0.1", 1_000, grows=False)
    written, _ = version("w0.2", 1_000, grows=True)

    def stood(label: str, content: bytes) -> bool:
        return journals.explains(label, len(content), digest(content))

    assert not stood("w0.1", whole), "nobody has said yet that it would be written"
    journal.note(saved)
    journal.note(written)
    assert stood("w0.1", whole)
    assert not stood("w0.1", whole[:500]), "it was saved in one step"
    assert stood("w0.2", body("w0.2", 500)), "it was written in place"
    assert not stood("w0.2", body("w0.2", 500) + whole[500:])
    assert not stood("w0.2", body("w0.2", 1_500)), "it never was so long"
