"""`check`: what is missing is said before a start would find it out."""

from __future__ import annotations

import os

from tests.scenarios.harness import Study


def test_a_state_that_cannot_be_made_is_not_well(study: Study) -> None:
    assert study.cli("check").code == 0
    assert not study.state.exists(), "it was only tried"
    assert not [name for name in os.listdir(study.place) if name.startswith(".")]
    study.state.write_text("a file is in the way")
    for state in (study.state, study.state / "below", "/proc/nothing/can/be/made/here"):
        study.configure(state=str(state))
        said = study.cli("check", "-q")
        assert (said.code, "✗ state" in said.out) == (78, True), said.text
        assert "`state:`" in said.text
        assert study.cli("sync").code == 78, "the same code as what needs it"
