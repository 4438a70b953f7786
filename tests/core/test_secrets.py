import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jatossync.core.secrets import LENGTH, TokenFinder, is_private_key, well_formed

DOCUMENTED = "jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"


def token(middle: str) -> str:
    return f"jap_{middle}{hashlib.md5(middle.encode()).hexdigest()[:6]}"


def found(*chunks: bytes) -> bool:
    finder = TokenFinder()
    return [finder.feed(chunk) for chunk in chunks][-1]


def test_the_token_of_the_jatos_documentation_is_well_formed() -> None:
    assert well_formed(DOCUMENTED) is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "begin"),
        (DOCUMENTED.removeprefix("jap_"), "begin"),
        (DOCUMENTED.replace("jap_", "JAP_"), "begin"),
        (DOCUMENTED[:-1], "40 characters"),
        (DOCUMENTED + "0", "42 characters"),
        (DOCUMENTED.replace("wo7", "w07"), "check digits"),
        (DOCUMENTED[:-6] + DOCUMENTED[-6:].upper(), "check digits"),
        (DOCUMENTED.replace("w", " "), "letter nor a digit"),
        (DOCUMENTED.replace("w", "ä"), "letter nor a digit"),
        (DOCUMENTED.replace("w", "٣"), "letter nor a digit"),
    ],
)
def test_a_malformed_token_is_told_what_is_wrong_without_being_repeated(
    text: str, what: str
) -> None:
    wrong = well_formed(text)
    assert wrong is not None
    assert what in wrong
    assert not text or text not in wrong


@given(st.text("abcXYZ019", min_size=31, max_size=31), st.binary(max_size=99), st.binary())
def test_a_token_is_found_wherever_it_stands(middle: str, before: bytes, after: bytes) -> None:
    assert found(before + token(middle).encode() + after)


@pytest.mark.parametrize("cut", range(LENGTH + 1))
def test_a_token_is_found_across_the_border_of_two_chunks(cut: int) -> None:
    data = b"jap_ jap_jap_" + DOCUMENTED.encode()
    assert found(data[: 13 + cut], data[13 + cut :])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_token_is_found_in_what_powershell_writes(encoding: str) -> None:
    data = f"the token: {DOCUMENTED}\r\n".encode(encoding)
    assert found(data)
    assert found(*(data[at : at + 1] for at in range(len(data))))


def test_a_token_is_found_when_it_comes_byte_by_byte() -> None:
    assert found(*(bytes([byte]) for byte in DOCUMENTED.encode()))


def test_a_token_once_seen_is_not_forgotten() -> None:
    assert found(DOCUMENTED.encode(), b"x" * 100, b"")


@given(st.lists(st.binary(max_size=9)))
def test_other_bytes_hold_no_token(chunks: list[bytes]) -> None:
    assert not found(b"", *chunks)


def test_what_only_looks_like_a_token_is_none() -> None:
    assert not found(b"jap_" + b"x" * 37)
    assert not found(DOCUMENTED[:-1].encode(), b"g")


def test_a_token_is_found_in_a_file_full_of_its_prefix() -> None:
    finder = TokenFinder()
    for _ in range(20):
        assert not finder.feed(b"jap_" * 10_000)
    assert finder.feed(DOCUMENTED.encode())


@pytest.mark.parametrize(
    "head",
    [
        b"-----BEGIN PRIVATE KEY-----\nMIIE",
        b"-----BEGIN RSA PRIVATE KEY-----\r\n",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
        b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
        b"\xef\xbb\xbf \n-----BEGIN EC PRIVATE KEY-----\n",
        b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n",
        b"PuTTY-User-Key-File-3: ssh-ed25519\n",
        "-----BEGIN PRIVATE KEY-----\r\nMIIE".encode("utf-16"),
        "\ufeff-----BEGIN PRIVATE KEY-----\r\nMIIE".encode("utf-16-be"),
        b"Bag Attributes\n    friendlyName: me\n-----BEGIN PRIVATE KEY-----\nMIIE",
        b"-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\r\n"
        b"-----BEGIN RSA PRIVATE KEY-----\r\nMIIE",
        b'{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\nMIIE',
        b"\x30\x82\x04\xa4\x02\x01\x00\x02\x82\x01\x01\x00",  # RSA, PKCS #1
        b"\x30\x82\x04\xbe\x02\x01\x00\x30\x0d\x06\x09",  # PKCS #8
        b"\x30\x77\x02\x01\x01\x04\x20",  # EC
        b"\x30\x82\x09\xd1\x02\x01\x03\x30\x82",  # PKCS #12
    ],
)
def test_a_private_key_is_known_by_its_first_bytes(head: bytes) -> None:
    assert is_private_key(head)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"-----BEGIN CERTIFICATE-----\nMIIE",
        b"-----BEGIN PUBLIC KEY-----\nMIIE",
        b"\x30\x82\x03\x01\x30\x82\x01\xe9\xa0\x03\x02\x01\x02",  # X.509
        b"const example = '-----BEGIN PRIVATE KEY-----'",
        b"let pem =\n'-----BEGIN PRIVATE KEY-----\\n' + body;",
        b"<p>It begins with\n-----BEGIN PRIVATE KEY----- and goes on",
        b"0123456789",
        b"PK\x03\x04",  # Keynote
    ],
)
def test_what_is_no_private_key_is_let_through(head: bytes) -> None:
    assert not is_private_key(head)
