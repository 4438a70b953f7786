"""Which names go up, under which name, and which never do."""

import hashlib
import shutil
import string
from pathlib import Path

import pytest

from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study, shell

AWKWARD = [
    "a+b.txt",
    "a b.txt",
    "%41.txt",
    "A.txt",
    "100%.txt",
    "%2F.txt",
    "ä/ö ü.html",
    "a\u0308-nfd.txt",
    "\u00e4-nfd.txt",  # the same to the eye
    "🧪/📊.json",
    "刺激/図.png",
    "#1 & more; x=1, y@z!.css",
    "what's (this) [and] {that}~$^.js",
    "dots...",
    "two..dots",
    "...three",
    "a/ edge / of a directory /inner.txt",
    "structure",
    "assets/structure",
    "-rf",
    "x" * 200 + ".txt",
    "/".join(["deep"] * 30) + "/down.txt",
]


@pytest.mark.parametrize("dialect", ["3.8", pytest.param("3.9", marks=pytest.mark.long), "3.10"])
def test_awkward_names_arrive_as_they_are_and_go_again(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    for number, name in enumerate(AWKWARD):
        study.write(name, f"{number}")
    with study.run():
        study.await_equal()
        for number, name in enumerate(AWKWARD):
            study.write(name, f"{number}, once more")
        study.await_equal()
        for name in AWKWARD[::2]:
            (study.folder / name).unlink()
        study.await_equal()
    assert len(study.remote()) == len(AWKWARD) // 2
    study.assert_nothing_was_sent_twice()


def test_names_that_3_10_refuses_are_listed_and_hinder_nobody(study: Study) -> None:
    refused = ["why?.html", 'say "hi".txt', "a:b.css", "a|b.js", "back\\slash.png", "new\nline.txt"]
    for name in refused:
        study.write(name, "x")
    study.write("index.html", "<!doctype html>")
    said = study.cli("sync", "-v")
    assert said.code == 0
    assert study.remote() == {"index.html": b"<!doctype html>"}
    for name in ["why?.html", "a:b.css", "a|b.js"]:
        assert name in said.text


def test_names_that_3_9_takes_arrive_there(jatos: Jatos, tmp_path: Path) -> None:
    study = Study(tmp_path, jatos("3.9"))
    for name in ["why?.html", 'say "hi".txt', "a:b.css", "a|b.js", "back\\slash.png", " edge "]:
        study.write(name, name)
    assert study.cli("sync").code == 0
    assert study.in_step()


def test_a_name_too_long_for_an_address_is_listed_and_hinders_nobody(study: Study) -> None:
    study.write("/".join(["図" * 60] * 5), "x")
    study.write("index.html", "<!doctype html>")
    said = study.cli("sync", "-v")
    assert said.code == 0
    assert "図" in said.text
    assert "2048" in study.cli("status", "--json").out
    assert study.remote() == {"index.html": b"<!doctype html>"}


def test_names_that_differ_only_in_case_are_two_files(study: Study) -> None:
    study.write("Stroop.html", "one")
    study.write("stroop.html", "two")
    with study.run():
        study.await_equal()
        (study.folder / "Stroop.html").unlink()
        study.await_equal()
    assert study.remote() == {"stroop.html": b"two"}


def test_a_name_changed_only_in_case_keeps_its_bytes_on_a_server_that_folds_names(
    jatos: Jatos, tmp_path: Path
) -> None:
    study = Study(tmp_path, jatos("3.10", names="fold"))
    study.write("Stroop.html", "<!doctype html>")
    with study.run():
        study.await_equal()
        shell("mv Stroop.html stroop.html", study.folder)
        study.await_rest()
        study.write("later.txt", "later")
        study.await_rest(lambda: "later.txt" in study.remote())
        study.write("stroop.html", "<!doctype html>changed")
        study.await_rest(lambda: b"<!doctype html>changed" in study.remote().values())
    assert {path.casefold(): content for path, content in study.remote().items()} == study.local()


@pytest.mark.parametrize("names", ["exact", "fold"])
def test_a_directory_renamed_only_in_case_costs_a_few_listings_and_not_one_for_each_file(
    jatos: Jatos, tmp_path: Path, names: str
) -> None:
    study = Study(tmp_path, jatos("3.10", names=names))
    for number in range(60):
        study.write(f"Img/{number}.png", f"{number}")
    with study.run():
        study.await_rest(lambda: len(study.remote()) == 60)
        study.jatos.clear_requests()
        shell("mv Img away && mv away img", study.folder)
        if names == "exact":
            study.await_equal()
        else:
            study.await_rest(lambda: not study.sent("DELETE"))
        asked = [each["path"] for each in study.jatos.requests() if each["method"] == "GET"]
    assert sum("/assets/structure" in path for path in asked) <= 5
    there = {path.replace("Img/", "img/"): content for path, content in study.remote().items()}
    assert there == study.local()


# --- what never leaves ---------------------------------------------------------------------------


def well_formed_token() -> str:
    """A token that JATOS could have made: its last six characters check the others."""
    body = (string.ascii_letters * 2)[:31]
    return f"jap_{body}{hashlib.md5(body.encode()).hexdigest()[:6]}"


SECRETS = {
    ".env": "PASSWORD=1",
    "deep/.env": "PASSWORD=1",
    "id_ed25519": "key",
    "server.pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
    "notes.txt": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl",
    ".netrc": "machine example.org password x",
    "jatos_results_20260101.zip": "PK",
    "stroop.jzip": "PK",
    "js/config.js": f'const token = "{well_formed_token()}"',
    "big.bin": "x" * 262_140 + well_formed_token() + "x" * 300_000,
}


def test_what_may_be_secret_is_never_sent_and_is_shown(study: Study) -> None:
    for name, content in SECRETS.items():
        study.write(name, content)
    study.write("index.html", "<!doctype html>")
    study.stays_here = set(SECRETS)
    with study.run():
        study.await_equal()
        for name, content in SECRETS.items():
            study.write(name, content + "\nchanged")
        study.await_equal()
    said = study.cli("sync", "-v")
    assert study.remote().keys() == {"index.html"}
    assert all(name in said.text for name in SECRETS), said.text
    assert said.code == 0


def test_the_last_version_without_a_secret_stays_on_jatos(study: Study) -> None:
    study.write("js/config.js", "const token = null")
    assert study.cli("sync").code == 0
    study.write("js/config.js", SECRETS["js/config.js"])
    study.cli("sync")
    assert study.remote() == {"js/config.js": b"const token = null"}


def test_configuration_and_token_inside_the_folder_are_never_sent(study: Study) -> None:
    shutil.move(study.token_file, study.folder / "tok")
    study.configure(token_file=str(study.folder / "tok"))
    study.config = study.config.rename(study.folder / "jatossync.yaml")
    study.write("index.html", "<!doctype html>")
    with study.run() as daemon:
        daemon.await_log("uploaded")
        study.configure(ignore=["*.psd"])
        study.write("later.txt", "later")
        study.stays_here = {"tok", "jatossync.yaml"}
        study.await_equal()
    assert study.stored().keys() == {"index.html", "later.txt"}


def test_a_hard_link_to_the_token_is_never_sent(study: Study) -> None:
    (study.folder / "innocent.txt").hardlink_to(study.token_file)
    study.write("index.html", "<!doctype html>")
    assert study.cli("sync").code == 0
    assert study.remote().keys() == {"index.html"}


def test_a_link_out_of_the_folder_is_not_followed(study: Study) -> None:
    outside = study.place / "private"
    outside.mkdir()
    (outside / "diary.txt").write_text("private")
    (study.folder / "link").symlink_to(outside)
    (study.folder / "diary.txt").symlink_to(outside / "diary.txt")
    study.write("index.html", "<!doctype html>")
    said = study.cli("sync")
    assert said.code == 0
    assert "link" in said.text
    assert study.remote().keys() == {"index.html"}


def test_empty_files_are_listed_and_the_last_full_version_stays(study: Study) -> None:
    study.write("page.html", "full")
    study.write("empty.css", "")
    assert study.cli("sync").code == 0
    study.write("page.html", "")
    said = study.cli("sync")
    assert said.code == 0
    assert "empty.css" in said.text
    assert study.remote() == {"page.html": b"full"}
