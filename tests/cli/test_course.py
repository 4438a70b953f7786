"""How far it is while both sides are compared, and what Ctrl-C leaves."""

from __future__ import annotations

from tests.cli.conftest import At
from tests.scenarios.harness import Study, files_below


def at_home(study: Study) -> Study:
    """With its configuration in its folder, where somebody stands."""
    study.config.rename(study.folder / "jatossync.yaml")
    return study


def test_while_both_sides_are_compared_a_bar_says_how_far_it_is_and_ctrl_c_ends_it(
    study: Study, at: At
) -> None:
    for number in range(20):
        study.write(f"img/{number}.png", f"{number}")
        study.put_on_jatos(f"img/{number}.png", f"{number}".encode())
    home = at_home(study)
    study.jatos.faults([{"method": "GET", "path": "*structure*", "do": "latency:1500ms"}])
    for command in ("plan", "sync"):
        person = at(home.folder, command)
        person.expect("comparing")
        person.expect("22 files")  # the directory, and the configuration which is not sent
        person.type("\x03")
        assert person.end() == 130, person.text
        assert "run it again to go on" in person.sentences
    study.jatos.faults([{"method": "GET", "path": "*.png", "do": "latency:200ms"}])
    person = at(home.folder, "sync")
    person.expect("/20 files")
    assert person.end() == 0
    assert "20 equal already" in person.sentences
    assert not study.sent()


def test_ctrl_c_during_a_pull_leaves_no_half_file_and_the_next_one_goes_on(
    study: Study, at: At
) -> None:
    study.put_on_jatos("index.html", b"small")
    study.put_on_jatos("video.mp4", bytes(5_000_000))
    study.jatos.faults([{"method": "GET", "path": "*video.mp4", "do": "latency:3s"}])
    pulling = at(study.place, "pull", "--config", "jatossync.yaml")
    pulling.expect("pulled    study/index.html")
    pulling.type("\x03")
    assert pulling.end() == 130
    assert "run it again to go on" in pulling.sentences
    assert files_below(study.folder) == {"index.html": b"small"}
    study.jatos.faults([])
    pulling = at(study.place, "pull", "--config", "jatossync.yaml")
    pulling.expect("pulling")
    assert pulling.end() == 0
    assert study.in_step()
    (study.folder / "index.html").write_bytes(b"ours")
    assert study.cli("pull", "index.html").code == 0
    restoring = at(study.place, "restore", "index.html", "--config", "jatossync.yaml")
    restoring.expect("restoring")
    assert restoring.end() == 0
    assert (study.folder / "index.html").read_bytes() == b"ours"
