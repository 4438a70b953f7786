"""A listing that takes its time, and a study of many files, through the program."""

from __future__ import annotations

import pytest

from tests.scenarios.harness import Study


@pytest.mark.parametrize("seconds", [1, pytest.param(5, marks=pytest.mark.long)])
def test_a_burst_during_a_slow_listing_is_neither_gone_nor_foreign_nor_drift(
    study: Study, seconds: int
) -> None:
    for number in range(30):
        study.write(f"old/{number}.txt", f"{number}")
    assert study.cli("sync").code == 0
    study.jatos.clear_requests()
    study.jatos.faults(
        [{"method": "GET", "path": "*/assets/structure", "times": 1, "do": f"latency:{seconds}s"}]
    )
    study.write("old/0.txt", "saved while nobody looked")
    with study.run() as daemon:
        daemon.await_log("watching")
        for number in range(20):
            study.write(f"new/{number}.txt", f"{number}")
            study.write(f"old/{number}.txt", f"{number}, saved")
        for number in range(20, 30):
            (study.folder / f"old/{number}.txt").unlink()
        study.await_equal()
        assert not daemon.log("held")
        assert not daemon.log("kept in the trash")
    twice = {path for path, times in study.stored().items() if times > 1}
    assert twice <= {"old/0.txt"}, "which was saved twice"
    said = study.cli("sync")
    assert said.code == 0
    assert "nly on JATOS" not in said.text


@pytest.mark.parametrize("files", [300, pytest.param(10_000, marks=pytest.mark.long)])
def test_many_files_are_adopted_with_one_listing_and_no_upload(study: Study, files: int) -> None:
    for number in range(files):
        study.write(f"stimuli/{number % 50}/{number}.txt", f"stimulus {number}")
        study.put_on_jatos(f"stimuli/{number % 50}/{number}.txt", b"stimulus %d" % number)
    said = study.cli("sync")
    assert said.code == 0
    assert f"first contact: {files} equal ●" in said.text
    assert not study.sent()
    asked = [each["path"] for each in study.jatos.requests()]
    assert sum(path.endswith("/assets/structure") for path in asked) == 1
    study.jatos.clear_requests()
    assert study.cli("sync").code == 0
    assert not study.sent()
    downloads = [each for each in study.jatos.requests() if "/assets/stimuli" in each["path"]]
    assert not downloads, "they are known now"
