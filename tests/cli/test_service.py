"""`jatossync service` where no systemd is needed: what it shows, and what it refuses."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest

from jatossync.cli.service import checks
from jatossync.cli.service.install import Installation, carry_out
from jatossync.config.editing import add_option, has_option
from jatossync.errors import ConfigError, JatossyncError
from jatossync.service import manager
from jatossync.service.units import (
    DROP_IN,
    Particulars,
    Scope,
    drop_in_text,
    hidden,
    temporary,
)
from tests.scenarios.harness import Said, Study

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the paths are those of Linux")

USER, SYSTEM = Scope(system=False), Scope(system=True)
WELL_FORMED = "jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"

lasting = pytest.mark.skipif(
    temporary(sys.prefix), reason="this Python is in a temporary directory, and so refused"
)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return _Unasked(tmp_path)


class _Unasked(Study):
    """A study whose JATOS nobody asks."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.folder = place / "study"
        self.folder.mkdir()
        self.state = place / "state"
        self.config = place / "my study.yaml"
        self.token_file = place / "token"
        self.save_token(WELL_FORMED)
        self.more_environment = {"XDG_CONFIG_HOME": str(place / "config-home")}
        self.options = {
            "server": "http://127.0.0.1:9",
            "study": "42",
            "folder": str(self.folder),
            "token_file": str(self.token_file),
        }
        self.configure()


def service(study: Study, *arguments: str) -> Said:
    command = [sys.executable, "-m", "jatossync", "service", *arguments]
    return study.program([*command, "--config", str(study.config)])


@lasting
def test_print_shows_all_and_does_nothing(study: Study) -> None:
    before = study.config.read_text("utf-8")
    said = service(study, "install", "--user", "--print")
    assert said.code == 0, said.err
    assert f'"run" "--config" "{study.config}"' in said.out
    assert f'ExecStart="{sys.executable}"' in said.out
    assert "Type=notify" in said.out
    assert f"state: {study.place / 'home' / '.local/state/jatossync/my-study-'}" in said.out
    assert "$ systemctl --user enable jatossync@my-study.service" in said.out
    assert study.config.read_text("utf-8") == before
    assert not (study.place / "config-home").exists()


@lasting
def test_a_state_that_is_configured_stays_as_it_is(study: Study) -> None:
    study.configure(state=str(study.state))
    assert "state:" not in service(study, "install", "--user", "--print").out


@lasting
def test_a_study_that_could_not_run_is_refused(study: Study) -> None:
    study.token_file.unlink()
    said = service(study, "install", "--user", "--print")
    assert (said.code, said.out) == (78, "")
    assert "token" in said.err
    study.configure(folder=str(study.place / "nowhere"))
    said = service(study, "install", "--user", "--print")
    assert (said.code, "nowhere does not exist" in said.err) == (78, True)


def test_a_name_that_no_unit_can_have_is_refused(study: Study) -> None:
    said = service(study, "status", "--name", "a b")
    assert (said.code, "--name stroop" in said.err) == (78, True)


def test_a_service_that_is_not_set_up_is_said_to_be_none(study: Study) -> None:
    for command in ("status", "logs", "uninstall"):
        said = service(study, command)
        assert said.code == 1
        assert "no service called my-study is set up" in said.err


def test_another_studys_service_of_the_same_name_is_left_alone(study: Study) -> None:
    other = study.place / "config-home/systemd/user/jatossync@my-study.service.d"
    other.mkdir(parents=True)
    text = drop_in_text(USER, Particulars(["python"], "/home/alice/my study.yaml", "/"))
    (other / DROP_IN).write_text(text)
    for command in ("status", "logs", "uninstall"):
        said = service(study, command)
        assert said.code == 1
        assert "belongs to another configuration" in said.err
        assert "--name my-study" in said.err
    assert (other / DROP_IN).exists()


def test_as_whom_is_a_question_for_the_system_alone(study: Study) -> None:
    said = service(study, "install", "--user", "--as", "nobody", "--print")
    assert (said.code, "--system" in said.err) == (64, True)


@pytest.mark.parametrize(
    ("platform", "way"), [("darwin", "nohup jatossync run"), ("win32", "Task Scheduler")]
)
def test_elsewhere_it_says_that_it_is_for_linux_and_what_to_do_instead(
    monkeypatch: pytest.MonkeyPatch, platform: str, way: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(JatossyncError, match="only on Linux") as caught:
        checks.systemd_needed(USER)
    assert way in caught.value.hint


def test_without_systemd_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(manager, "BOOTED", str(tmp_path / "nothing"))
    with pytest.raises(JatossyncError, match="not run by systemd"):
        checks.systemd_needed(USER)


@pytest.mark.parametrize(
    "prefix",
    [
        "/home/alice/.cache/uv/archive-v0/x",
        "/home/alice/.local/pipx/.cache/x",
        "/var/tmp/venv",
    ],
)
def test_a_python_that_is_gone_tomorrow_is_refused(
    monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    with pytest.raises(JatossyncError, match="passing") as caught:
        checks.program_needed(USER)
    assert "pipx install" in caught.value.hint


@lasting
def test_a_python_in_a_home_is_for_its_user_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "base_prefix", "/home/alice/.pyenv/versions/3.12")
    assert hidden(sys.base_prefix)
    checks.program_needed(USER)
    with pytest.raises(JatossyncError, match="does not see the home directory"):
        checks.program_needed(SYSTEM)


# --- the line in the configuration ---


@pytest.mark.parametrize(
    "before", ["study: 42\n", "study: 42", "ignore:\n  - raw/", "# only this\na: b"]
)
def test_an_option_is_added_and_nothing_else_changes(tmp_path: Path, before: str) -> None:
    config = tmp_path / "jatossync.yaml"
    config.write_text(before, "utf-8")
    config.chmod(0o640)
    add_option(str(config), "state", "/var/lib/jatos: 100 %", "A reason")
    text = config.read_text("utf-8")
    assert text.startswith(before)
    assert text.endswith("\n# A reason\nstate: '/var/lib/jatos: 100 %'\n")
    assert has_option(str(config), "state")
    assert config.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("before", ["{study: 42}\n", "study: 42\n...\n", "state: /elsewhere\n"])
def test_where_it_cannot_be_added_the_line_is_told(tmp_path: Path, before: str) -> None:
    config = tmp_path / "jatossync.yaml"
    config.write_text(before, "utf-8")
    with pytest.raises(ConfigError, match="state: /var/lib/x"):
        add_option(str(config), "state", "/var/lib/x", "A reason")
    assert config.read_text("utf-8") == before


def test_a_unit_that_cannot_be_written_whole_is_left_as_it_was(tmp_path: Path) -> None:
    """Half of one would be taken for another service, and be refused from then on."""
    unit, text = tmp_path / "unit", "[Service]\n" * 10_000
    unit.write_text("as it was")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(text) // 2, before[1]))
    try:
        with pytest.raises(JatossyncError, match="cannot be written"):
            carry_out(Installation(USER, "stroop", {str(unit): text}, "", None, []))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["as it was"]
