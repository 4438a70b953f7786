"""The units as files, and how paths and names are written in them."""

import os
import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from jatossync.errors import ConfigError
from jatossync.service.units import (
    Particulars,
    Scope,
    argument,
    drop_in_text,
    hidden,
    mount_unit,
    quoted,
    unit,
)

SYSTEMD = Path(__file__).parents[2] / "systemd"
SYSTEM, USER = Scope(system=True), Scope(system=False)
AWKWARD = '/home/alice/my study: v2 100% $HOME "q" \\b'


def settings(text: str) -> dict[str, list[str]]:
    found = defaultdict(list)
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found[key].append(value)
    return found


def test_what_is_installed_are_the_files_that_the_readme_copies() -> None:
    assert SYSTEM.template_text() == (SYSTEMD / "jatossync@.service").read_text("utf-8")
    assert USER.template_text() == (SYSTEMD / "user" / "jatossync@.service").read_text("utf-8")


def test_the_unit_for_one_study_is_the_template_with_its_places_filled_in() -> None:
    template = settings(SYSTEM.template_text())
    single = settings((SYSTEMD / "jatossync.service").read_text("utf-8"))
    assert single.keys() == template.keys()
    differing = {key for key in template if template[key] != single[key]}
    assert differing == {
        *("Description", "ExecStart", "StateDirectory", "LoadCredential", "SyslogIdentifier"),
    }
    assert "%i" not in str(dict(single))


def test_final_exits_wait_for_a_person_and_nothing_else_ends_the_service_for_good() -> None:
    for scope in (SYSTEM, USER):
        found = settings(scope.template_text())
        assert found["RestartPreventExitStatus"] == ["64 77 78"]
        assert found["StartLimitIntervalSec"] == ["0"]
        assert found["Restart"] == ["on-failure"]


def test_a_value_has_no_comment_behind_it() -> None:
    for file in SYSTEMD.rglob("*.service"):
        values = [
            value for values in settings(file.read_text("utf-8")).values() for value in values
        ]
        assert not [value for value in values if "#" in value]


def test_a_drop_in_names_program_configuration_user_and_folder() -> None:
    study = Particulars(
        program=["/opt/bin/python", "-m", "jatossync"],
        config="/etc/jatossync/stroop.yaml",
        folder="/home/alice/stroop",
        user="alice",
        groups=["lab"],
    )
    found = settings(drop_in_text(SYSTEM, study))
    assert found["ExecStart"] == [
        "",
        '"/opt/bin/python" "-m" "jatossync" "run" "--config" "/etc/jatossync/stroop.yaml"',
    ]
    assert found["User"] == ["alice"]
    assert found["SupplementaryGroups"] == ["lab"]
    assert found["BindReadOnlyPaths"] == found["RequiresMountsFor"] == ['"/home/alice/stroop"']


def test_a_folder_that_no_home_hides_is_not_let_in_a_second_time() -> None:
    study = Particulars(["jatossync"], "/etc/x.yaml", "/srv/studies/stroop")
    assert "BindReadOnlyPaths" not in settings(drop_in_text(SYSTEM, study))


def test_a_users_own_service_has_nothing_that_only_root_can_do() -> None:
    study = Particulars(["jatossync"], "/home/alice/x.yaml", "/home/alice/stroop", user="alice")
    assert settings(drop_in_text(USER, study)).keys() == {"ExecStart"}


def test_what_has_a_meaning_for_systemd_is_escaped() -> None:
    assert quoted(AWKWARD) == r'"/home/alice/my study: v2 100%% $HOME \"q\" \\b"'
    assert argument(AWKWARD) == r'"/home/alice/my study: v2 100%% $$HOME \"q\" \\b"'


@pytest.mark.parametrize("name", ["stroop", "stroop-2.b", "a_b"])
def test_a_plain_name_is_an_instance(name: str) -> None:
    assert unit(name) == f"jatossync@{name}.service"


@pytest.mark.parametrize("name", ["", "a b", "-x", "a/b", "a%b", "ü", "a@b"])
def test_a_name_that_systemd_would_misunderstand_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        unit(name)


@pytest.mark.parametrize(
    ("path", "is_hidden"),
    [
        ("/home/alice", True),
        ("/root/x", True),
        ("/home", True),
        ("/srv/home/x", False),
        ("/homes/alice", False),
    ],
)
def test_homes_are_hidden(path: str, is_hidden: bool) -> None:
    assert hidden(path) is is_hidden


@pytest.mark.parametrize(
    "path", ["/", "/srv/study", "/srv/my-study", "/media/a b/.x", "/mnt/ü/a:b_c.d", "/.x"]
)
def test_a_disks_unit_is_named_as_systemd_names_it(path: str) -> None:
    escape = shutil.which("systemd-escape")
    if escape is None:
        pytest.skip("no systemd-escape here")
    said = subprocess.run(
        [escape, "--path", "--suffix=mount", path], capture_output=True, check=True
    )
    assert mount_unit(path) == os.fsdecode(said.stdout).strip()


@pytest.mark.parametrize("scope", [SYSTEM, USER])
def test_systemd_finds_nothing_to_say_about_a_unit(scope: Scope, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze here")
    text = re.sub("ExecStart=[^ ]+", "ExecStart=/bin/true", scope.template_text())
    file = tmp_path / "jatossync@stroop.service"
    file.write_text(text, "utf-8")
    said = subprocess.run(
        [analyze, *([] if scope.system else ["--user"]), "verify", "--man=no", str(file)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, b"", b"")


def test_the_system_unit_is_exposed_by_no_more_than_its_job(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze here")
    for name in ("jatossync.service", "jatossync@.service"):
        said = subprocess.run(
            [analyze, "security", "--offline=true", "--threshold=15", str(SYSTEMD / name)],
            capture_output=True,
            check=False,
        )
        assert said.returncode == 0, said.stdout.decode()
