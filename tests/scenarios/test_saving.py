"""Single files, saved as editors and shells save them."""

import shutil
from pathlib import Path

import pytest

from tests.scenarios.harness import Study, shell

PAGE = "<!doctype html><title>Stroop</title>"


def save_as_vim_does(file: Path, content: bytes) -> None:
    """A probe, the old file kept as a backup, a new one in its place."""
    probe = file.with_name("4913")
    probe.touch()
    probe.unlink()
    file.rename(file.with_name(file.name + "~"))
    swap = file.with_name(f".{file.name}.swp")
    swap.write_bytes(b"b0VIM 9.0")
    file.write_bytes(content)
    swap.unlink()


def save_by_renaming(file: Path, content: bytes) -> None:
    """As many editors do: a temporary file, renamed over the old one."""
    new = file.with_name(f"{file.name}.new-1f3a")
    new.write_bytes(content)
    new.replace(file)


def save_as_vs_code_does(file: Path, content: bytes) -> None:
    """Truncate, then write."""
    with file.open("wb", buffering=0) as stream:
        stream.write(content[: len(content) // 2])
        stream.write(content[len(content) // 2 :])


def test_a_save_sends_the_saved_file_and_nothing_of_how_it_was_saved(study: Study) -> None:
    ways = {
        "vim.html": save_as_vim_does,
        "renamed.html": save_by_renaming,
        "code.html": save_as_vs_code_does,
    }
    for name in ways:
        study.write(name, PAGE)
    study.stays_here = {"vim.html~"}
    with study.run():
        study.await_equal()
        for number in range(2):
            for name, save in ways.items():
                save(study.folder / name, f"{PAGE}{number}".encode())
            study.await_equal()
    assert study.stored() == dict.fromkeys(ways, 3)
    assert not study.sent("DELETE")
    study.assert_nothing_was_sent_twice()


@pytest.mark.skipif(not shutil.which("vim"), reason="vim is not installed")
def test_a_save_of_vim_itself_sends_the_saved_file_and_nothing_else(study: Study) -> None:
    study.write("js/task.js", "let trials = 10;\n")
    study.stays_here = {"js/task.js~"}
    with study.run():
        study.await_equal()
        shell(
            "vim -u NONE -es -c 'set backup writebackup' -c '%s/10/20/' -c 'wq' task.js </dev/null",
            study.folder / "js",
        )
        study.await_equal()
    assert study.remote() == {"js/task.js": b"let trials = 20;\n"}
    assert study.stored() == {"js/task.js": 2}


def test_sed_in_place_sends_the_changed_file_once(study: Study) -> None:
    study.write("css/style.css", "body { color: red }\n")
    with study.run():
        study.await_equal()
        shell("sed -i s/red/blue/ css/style.css", study.folder)
        study.await_equal()
    assert study.remote() == {"css/style.css": b"body { color: blue }\n"}
    assert study.stored() == {"css/style.css": 2}
    study.assert_nothing_was_sent_twice()


def test_lines_appended_in_a_loop_arrive_whole(study: Study) -> None:
    study.write("log.txt", "line 0\n")
    with study.run():
        study.await_equal()
        shell("for n in $(seq 100); do echo line $n >> log.txt; sleep 0.01; done", study.folder)
        study.await_equal()
    assert study.remote()["log.txt"].count(b"\n") == 101
    study.assert_nothing_was_sent_twice()


def test_a_new_file_that_grows_for_ten_seconds_goes_up_once_when_it_rests(study: Study) -> None:
    """Longer than `max_wait`, after which a file that JATOS has would go up."""
    study.configure(watch={"quiet": "1s"})  # ten times the pause, however busy the machine is
    study.write("first.txt", "run is at work")
    with study.run():
        study.await_equal()
        shell("for n in $(seq 100); do echo line $n >> video.txt; sleep 0.1; done", study.folder)
        study.await_equal()
    assert study.stored() == {"first.txt": 1, "video.txt": 1}
