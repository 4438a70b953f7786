"""The options in effect, and their schema, through the program."""

from __future__ import annotations

import json
from pathlib import Path

from tests.scenarios.harness import Study


def program(study: Study, *arguments: str) -> list[str]:
    return [*study.command("x")[:3], *arguments]


def show(study: Study, *options: str) -> list[str]:
    return program(study, "config", "show", "--config", str(study.config), *options)


def test_every_option_is_shown_with_where_it_comes_from(study: Study) -> None:
    said = study.program(show(study))
    assert (said.code, said.err) == (0, "")
    lines = {line.split()[0]: line.split()[1:] for line in said.out.splitlines()[1:]}
    line = study.config.read_text("utf-8").splitlines().index(f"study: {study.uuid}") + 1
    assert lines["study"] == ["line", str(line), study.uuid]
    assert lines["watch.quiet"][-1] == "0.15s"
    assert lines["watch.rescan"] == ["default", "5m"]
    assert lines["token"] == ["default", "-"]


def test_a_token_in_the_configuration_is_not_shown(study: Study) -> None:
    study.configure(token_file=None, token=study.jatos.token)
    for form in ((), ("--json",)):
        said = study.program(show(study, *form))
        assert said.code == 0
        assert "(not shown)" in said.out
        assert study.jatos.token not in said.text


def test_scripts_get_one_object(study: Study) -> None:
    told = json.loads(study.program(show(study, "--json")).out)
    assert told["config"] == str(study.config)
    assert told["options"]["folder"]["value"] == str(study.folder)
    assert told["options"]["folder"]["source"].startswith("line ")
    assert told["options"]["ignore"] == {"value": [], "source": "default"}
    assert told["options"]["allow_http"] == {"value": False, "source": "default"}


def test_where_systemd_says_where_the_state_is_that_is_told(study: Study) -> None:
    study.configure(state=None)
    said = study.program(show(study), STATE_DIRECTORY="/var/lib/jatossync")
    [line] = [line for line in said.out.splitlines() if line.split()[0] == "state"]
    assert line.split()[1:] == ["$STATE_DIRECTORY", "/var/lib/jatossync"]


def test_a_configuration_that_cannot_be_used_ends_it_with_78(study: Study) -> None:
    study.configure(drift="perhaps")
    said = study.program(show(study))
    assert said.code == 78
    assert "drift" in said.err


def test_the_schema_is_printed_as_it_is_shipped(study: Study) -> None:
    said = study.program(program(study, "config", "schema"))
    assert said.code == 0
    shipped = Path(__file__).parents[2] / "jatossync/config/schema.json"
    assert said.out == shipped.read_text("utf-8")
