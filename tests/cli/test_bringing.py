"""`pull PATH`, `restore` and `trash empty`: as JSON, in few words, and beside a daemon."""

from __future__ import annotations

import json
import random
from hashlib import sha256
from typing import Any

from tests.awaiting import wait_until
from tests.scenarios.harness import Study

BIG = random.Random(8).randbytes(3_000_000)


def told(study: Study, code: int, *arguments: str) -> Any:
    """What a command says as JSON."""
    said = study.cli(*arguments, "--json")
    assert said.code == code, said.text
    return json.loads(said.out)


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def with_theirs(study: Study, **theirs: bytes) -> None:
    """Files of ours on both sides, which somebody else then changes on JATOS."""
    for name in theirs:
        study.write(f"{name}.bin", f"ours {name}")
    assert study.cli("sync").code == 0
    for name, content in theirs.items():
        study.put_on_jatos(f"{name}.bin", content)


def test_pull_and_restore_tell_scripts_what_they_did(study: Study) -> None:
    with_theirs(study, a=b"theirs a", b=b"theirs b")
    study.put_on_jatos("c.bin", b"new")
    (study.assets / "b.bin").unlink()
    pulled = told(study, 1, "pull", "a.bin", "b.bin", "c.bin", "nowhere.bin")
    assert pulled == {
        "pulled": [
            {"path": "a.bin", "size": 8, "sha256": digest(b"theirs a")},
            {"path": "c.bin", "size": 3, "sha256": digest(b"new")},
        ],
        "removed": [{"path": "b.bin", "size": None}],
        "failed": [{"path": "nowhere.bin", "reason": "JATOS has no such file"}],
    }
    kept = told(study, 0, "trash", "list")
    assert [(each["path"], each["size"]) for each in kept] == [("a.bin", 6), ("b.bin", 6)]
    restored = told(study, 0, "restore", "a.bin", str(kept[1]["number"]))
    assert restored == {
        "restored": [
            {key: each[key] for key in ("path", "size", "sha256", "number")} for each in kept
        ],
        "failed": [],
    }
    assert study.local() == {"a.bin": b"ours a", "b.bin": b"ours b", "c.bin": b"new"}
    (study.folder / "a.bin").unlink()
    (study.folder / "a.bin").mkdir()
    failed = told(study, 1, "trash", "restore", "a.bin")
    assert (failed["restored"], failed["failed"][0]["path"]) == ([], "a.bin")
    assert "a directory stands there" in failed["failed"][0]["reason"]
    assert study.cli("restore", "b.bin", "-q").text == ""
    assert study.cli("restore", "neither").code == 1
    assert study.cli("restore").code == 64


def test_a_whole_study_is_pulled_with_a_line_for_each_file_only_where_that_is_wanted(
    study: Study,
) -> None:
    for number in range(60):
        study.put_on_jatos(f"img/{number}.png", f"{number}".encode())
    said = study.cli("pull")
    assert (said.code, said.out.count("pulled    ")) == (0, 50)
    assert "60 files pulled into" in said.text
    (study.folder / "img" / "7.png").unlink()
    assert told(study, 0, "pull")["pulled"] == [
        {"path": "img/7.png", "size": 1, "sha256": digest(b"7")}
    ]
    assert study.cli("pull", "--quiet").text == ""


def test_prune_and_empty_say_to_scripts_what_waits_for_a_yes(study: Study) -> None:
    study.write("mine.html", "1")
    study.put_on_jatos("old.html", b"old")
    study.put_on_jatos("page.html", b"page")
    study.jatos.add_component("page.html", study=study.uuid)
    stays = [{"path": "page.html", "size": 4, "reason": "it is the page of a component"}]
    offered = told(study, 2, "prune")
    assert offered == {
        "removed": [],
        "waiting": [{"path": "old.html", "size": 3}],
        "stays": stays,
        "failed": [],
    }
    study.jatos.faults([{"method": "DELETE", "path": "*old.html", "do": "status:403"}])
    failed = told(study, 1, "prune", "--yes")
    assert [each["path"] for each in failed["failed"]] == ["old.html"]
    study.jatos.faults([])
    assert told(study, 0, "prune", "--yes")["removed"] == [{"path": "old.html", "size": 3}]
    assert told(study, 0, "prune") == {"removed": [], "waiting": [], "stays": stays, "failed": []}
    assert study.cli("prune", "-q").text == ""
    waiting = told(study, 2, "trash", "empty")["waiting"]
    assert {each["path"] for each in waiting} == {"old.html"}
    assert told(study, 0, "trash", "empty", "--yes")["removed"] == waiting
    assert study.cli("trash", "empty", "-y", "-q").text == ""
    assert study.cli("trash", "empty", "--older-than", "soon").code == 64


def test_what_waits_for_a_yes_is_told_with_quiet_too(study: Study) -> None:
    study.put_on_jatos("old.html", b"old")
    said = study.cli("prune", "-q")
    assert (said.code, "waiting   study/old.html" in said.out) == (2, True)
    assert "jatossync prune --yes" in said.out
    assert study.cli("prune", "-q", "--yes").text == ""
    said = study.cli("trash", "empty", "-q")
    assert (said.code, "waiting   study/old.html" in said.out) == (2, True)
    assert "jatossync trash empty --yes" in said.out


def told_status(study: Study) -> Any:
    return json.loads(study.cli("status", "--json").out)


def test_beside_a_daemon_its_state_is_its_own_and_so_is_the_token(study: Study) -> None:
    with_theirs(study, a=b"theirs a", big=BIG)
    with study.run():
        wait_until(lambda: told_status(study)["state"] == "waiting", "drift is seen")
        study.put_on_jatos("old.html", b"old")
        assert study.cli("pause").code == 0
        said = study.cli("prune", "--yes")
        assert (said.code, "0 files removed from JATOS.\n" in said.out) == (1, True), said.text
        for code, decision in ((1, "pause"), (0, "resume")):
            assert study.cli(decision, "-q").text == ""
            pruned = told(study, code, "prune", "--yes")
            assert len(pruned["failed"]) == code, pruned
        assert pruned["removed"] == [{"path": "old.html", "size": 3}]
        # As a service's token, which users cannot read.
        study.token_file.rename(study.place / "elsewhere")
        assert study.cli("pull", "a.bin", "big.bin").code == 0
        wait_until(lambda: told_status(study)["state"] == "in sync", "it agrees with the pull")
        assert study.cli("restore", "a.bin").code == 0
        assert study.local() == {"a.bin": b"ours a", "big.bin": BIG}
        study.await_equal()
        kept = told(study, 0, "trash", "list")
        assert [(each["path"], each["reason"].rpartition("(")[2]) for each in kept] == [
            ("old.html", "prune)"),
            ("a.bin", "pull)"),
            ("big.bin", "pull)"),
            ("a.bin", "restore)"),
        ]
        failed = told(study, 1, "pull", "nowhere.bin")["failed"]
        assert failed == [{"path": "nowhere.bin", "reason": "JATOS has no such file"}]
        study.put_on_jatos("empty.bin", b"")
        assert told(study, 0, "pull", "empty.bin")["pulled"][0]["size"] == 0
        assert (study.folder / "empty.bin").read_bytes() == b""
        assert len(told(study, 0, "trash", "empty", "--yes")["removed"]) == 4
        assert told(study, 0, "trash", "list") == []
        (study.place / "elsewhere").rename(study.token_file)
