"""How long the token is good for, and a new one in its place."""

from __future__ import annotations

import json
import os
import stat
import subprocess

import pytest

from tests.awaiting import DEADLINE_S
from tests.cli.conftest import At
from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Said, Study

WRONG_TOKEN = "jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"  # well-formed; nobody's


def renew(study: Study, given: str, *options: str) -> Said:
    """`jatossync token --new` with the token on standard input."""
    done = subprocess.run(
        study.command("token", "--new", *options),
        cwd=study.place,
        env=study.environment,
        input=given,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    study.check_output(done.stdout + done.stderr)
    return Said(done.returncode, done.stdout, done.stderr)


def test_how_long_it_is_good_for_is_told(study: Study) -> None:
    said = study.cli("token")
    assert (said.code, said.err) == (0, "")
    assert "never expires" in said.out
    assert "token_file" in said.out
    study.save_token(study.jatos.add_token(expires_s=30 * 86400 + 60))
    said = study.cli("token")
    assert "(in 30 days)" in said.out
    assert "My API tokens" not in said.out


def test_one_that_expires_soon_comes_with_where_to_make_a_new_one(study: Study) -> None:
    study.save_token(study.jatos.add_token(expires_s=3 * 86400 + 60))
    said = study.cli("token")
    assert said.code == 0
    assert "(in 3 days)" in said.out
    assert "My API tokens" in said.out
    assert "jatossync token --new" in said.out


@pytest.mark.parametrize("dialect", ["3.9", "3.10"])
def test_one_that_is_refused_comes_with_where_to_make_a_new_one(
    jatos: Jatos, tmp_path_factory: pytest.TempPathFactory, dialect: str
) -> None:
    study = Study(tmp_path_factory.mktemp("study"), jatos(dialect))
    study.save_token(study.jatos.add_token(expires_s=-10))
    said = study.cli("token")
    assert said.code == 77
    assert "My API tokens" in said.text
    assert "jatossync token --new" in said.text


def test_a_new_one_takes_its_place_for_its_owner_alone(study: Study) -> None:
    new = study.jatos.add_token()
    said = renew(study, new + "\n")
    assert (said.code, said.err) == (0, "")
    assert study.token_file.read_text() == new + "\n"
    assert stat.S_IMODE(study.token_file.stat().st_mode) == 0o600
    assert sorted(path.name for path in study.place.iterdir() if "token" in path.name) == ["token"]


def test_a_new_one_is_typed_without_being_seen(study: Study, at: At) -> None:
    new = study.jatos.add_token()
    person = at(study.place, "token", "--new", "--config", str(study.config))
    person.expect("My API tokens")
    person.answer("New token (not shown", new)
    person.expect("is accepted")
    assert person.end() == 0
    assert new not in person.raw
    assert study.token_file.read_text() == new + "\n"


@pytest.mark.parametrize(
    ("given", "code", "part"),
    [("", 78, "empty"), ("jap_x", 78, "5 characters"), (WRONG_TOKEN, 77, "does not accept")],
)
def test_what_is_no_good_token_changes_nothing(
    study: Study, given: str, code: int, part: str
) -> None:
    said = renew(study, given)
    assert said.code == code
    assert part in said.text
    assert study.token_file.read_text() == study.jatos.token + "\n"


def test_a_link_to_the_token_stays_a_link(study: Study) -> None:
    real = study.place / "secrets"
    study.token_file.rename(real)
    study.token_file.symlink_to(real)
    new = study.jatos.add_token()
    assert renew(study, new).code == 0
    assert study.token_file.is_symlink()
    assert real.read_text() == new + "\n"


def test_one_that_comes_from_elsewhere_is_not_replaced(study: Study) -> None:
    study.configure(token_file=None, token=study.jatos.token)
    said = renew(study, study.jatos.add_token())
    assert said.code == 78
    assert "token_file" in said.text


def test_scripts_get_one_object(study: Study) -> None:
    told = json.loads(study.cli("token", "--json").out)
    assert told["user"] == "admin"
    assert told["token_expires_at"] is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_a_new_token_belongs_to_whom_the_old_one_did(study: Study) -> None:
    """`sudo jatossync token --new` for a service that is another user."""
    os.chown(study.token_file, 1234, 1234)
    assert renew(study, study.jatos.add_token()).code == 0
    found = study.token_file.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1234, 1234, 0o600)
