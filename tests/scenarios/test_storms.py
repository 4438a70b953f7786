"""Much at once, and all the while: whatever happens in the folder, in the end both are equal."""

import os
import random
import shutil
import subprocess
import sys
import time

import pytest

from tests.awaiting import wait_until
from tests.scenarios.harness import Study, files_below, shell

GIT = "git -c user.name=R -c user.email=r@example.org -c init.defaultBranch=main"


def assert_only_what_is_gone_was_deleted(study: Study) -> None:
    """Each delete is of something that is not there; files in flux aside, for at least a moment."""
    here = files_below(study.folder)
    last = {each.path: each.method for each in study.sent()}
    assert not [path for path, method in last.items() if method == "DELETE" and path in here]


def committed_branches(study: Study, count: int) -> None:
    """A work tree at `main`; `other` has a third of the files changed, renamed, removed each."""
    for number in range(count):
        study.write(f"set{number % 50}/{number % 7}/{number}.json", f"main {number}")
    shell(f"{GIT} init -q . && git add . && {GIT} commit -qm one", study.folder)
    shell("git checkout -qb other", study.folder)
    for number, path in enumerate(sorted(study.local())):
        file = study.folder / path
        match number % 3:
            case 0:
                file.write_text(f"other {number}")
            case 1:
                file.rename(file.with_suffix(".renamed.json"))
            case 2:
                file.unlink()
    shell(f"git add -A . && {GIT} commit -qm two && git checkout -q main", study.folder)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_a_checkout_of_five_thousand_files_and_back_is_followed(study: Study) -> None:
    committed_branches(study, 5000)
    with study.run():
        study.await_equal()
        for branch in ("other", "main"):
            shell(f"git checkout -q {branch}", study.folder)
            study.await_equal()
            assert len(study.remote()) == len(study.local())
    assert_only_what_is_gone_was_deleted(study)
    study.assert_nothing_was_sent_twice()


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_checkouts_of_two_branches_in_turn_without_a_pause_end_at_the_last(study: Study) -> None:
    committed_branches(study, 90)
    with study.run():
        study.await_equal()
        for branch in ("other", "main", "other", "main", "other"):
            shell(f"git checkout -q {branch}", study.folder)
        study.await_equal()
    assert_only_what_is_gone_was_deleted(study)


@pytest.mark.skipif(not shutil.which("rsync"), reason="rsync is not installed")
def test_rsync_with_delete_over_all_is_followed(study: Study) -> None:
    for number in range(60):
        study.write(f"old{number % 5}/{number}.png", f"old {number}")
        study.write(f"same{number % 5}/{number}.png", f"same {number}")
    study.write("index.html", "<!doctype html>")
    version = study.place / "version"
    shutil.copytree(study.folder, version)
    shell("rm -r old*; for n in 1 2 3; do mkdir -p new$n; echo $n > new$n/a.js; done", version)
    (version / "index.html").write_text("<!doctype html>new")
    with study.run():
        study.await_equal()
        shell("rsync -a --delete version/ study/", study.place)
        study.await_equal()
        assert study.remote() == files_below(version)
    assert {each.path for each in study.sent("DELETE")} == {
        f"old{number % 5}/{number}.png" for number in range(60)
    }
    study.assert_nothing_was_sent_twice()


def test_a_thousand_renames_of_nested_directories_end_where_they_end(study: Study) -> None:
    chance = random.Random(11)
    for number in range(40):
        study.write(f"{chance.choice('ab')}/{chance.choice('cd')}/{number}.png", f"{number}")
    with study.run():
        study.await_equal()
        for number in range(1000):
            directories = [path for path in study.folder.rglob("*") if path.is_dir()]
            moved = chance.choice(directories)
            others = [path for path in directories if moved not in (path, *path.parents)]
            moved.rename(chance.choice([study.folder, *others]) / f"moved{number}")
        study.await_equal()
        for path in study.local():
            study.write(path, f"edited after all that: {path}")
        study.await_equal()
    assert_only_what_is_gone_was_deleted(study)


def test_a_storm_of_files_that_come_and_go_leaves_what_stayed(study: Study) -> None:
    chance = random.Random(12)
    study.write("index.html", "<!doctype html>")
    with study.run():
        study.await_equal()
        end_s = time.monotonic() + 1
        while time.monotonic() < end_s:
            path = f"d{chance.randrange(6)}/{chance.randrange(40)}.tmp.png"
            if chance.random() < 0.6:
                study.write(path, chance.randbytes(chance.randrange(1, 500)))
            else:
                shutil.rmtree((study.folder / path).parent, ignore_errors=True)
        study.await_equal()
    assert study.stored()["index.html"] == 1
    assert_only_what_is_gone_was_deleted(study)


def test_two_programs_that_write_the_same_file_leave_one_version_of_it(study: Study) -> None:
    study.write("data.json", "first")
    writer = (
        "import os, sys, time\n"
        "end_s = time.monotonic() + 1.5\n"
        "while time.monotonic() < end_s:\n"
        "    with open(sys.argv[1] + sys.argv[2], 'w') as file:\n"
        "        file.write(sys.argv[2] * 20000)\n"
        "    os.replace(sys.argv[1] + sys.argv[2], sys.argv[1])\n"
    )
    with study.run():
        study.await_equal()
        programs = [
            subprocess.Popen([sys.executable, "-c", writer, study.folder / "data.json", letter])
            for letter in "ab"
        ]
        wanted = [b"first", b"a" * 20000, b"b" * 20000]
        while any(program.poll() is None for program in programs):
            found = study.remote().get("data.json", b"first")  # JATOS overwrites in two steps
            assert found in wanted, "two versions in one file"
            time.sleep(0.01)
        study.await_equal()
    # At most once in `max_wait`, and once at the end: it is no reason to send it all the time.
    assert study.stored()["data.json"] <= 3
    assert study.remote().keys() == {"data.json"}


# --- what is no plain file -----------------------------------------------------------------------


def test_loops_fifos_sockets_and_a_deep_tree_are_no_trouble(study: Study) -> None:
    deep = "/".join(["level"] * 100)
    study.write("index.html", "<!doctype html>")
    shell(
        "ln -s . self; mkdir d; ln -s ../d d/loop; ln -s nowhere dangling; mkfifo fifo",
        study.folder,
    )
    outside = study.place / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("not of this study")
    (study.folder / "out").symlink_to(outside)
    script = (
        "import os, socket, sys; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).bind('s')"
    )
    subprocess.run([sys.executable, "-c", script, str(study.folder)], check=True)
    with study.run():
        study.write(f"{deep}/leaf.js", "leaf")
        study.write("d/a.js", "a")
        wanted = {"index.html": b"<!doctype html>", f"{deep}/leaf.js": b"leaf", "d/a.js": b"a"}
        study.await_rest(lambda: study.remote() == wanted)
        (study.folder / deep / "leaf.js").write_text("edited")
        (outside / "secret.txt").write_text("still not of this study")
        study.await_rest(lambda: study.remote()[f"{deep}/leaf.js"] == b"edited")
    assert study.remote().keys() == wanted.keys()
    said = study.cli("sync", "-v")
    assert said.code == 0
    for name in ("self", "d/loop", "dangling", "fifo", "out", "s"):
        assert f"{name}: a " in said.text


def test_a_file_and_a_directory_replaced_by_symlinks_and_back_are_followed(study: Study) -> None:
    outside = study.place / "outside"
    outside.mkdir()
    (outside / "inner.js").write_text("not of this study")
    study.write("data/inner.js", "inner")
    study.write("page.html", "page")
    with study.run():
        study.await_equal()
        before = study.remote()
        shell("mv data ../kept; ln -s ../outside data", study.folder)
        study.write("page.html", "behind a symlink nothing is known")
        now = {**before, "page.html": b"behind a symlink nothing is known"}
        study.await_rest(lambda: study.remote() == now)
        (outside / "inner.js").write_text("changed outside")
        shell("rm data; mv ../kept data; echo more >> data/inner.js", study.folder)
        study.await_equal()
        shell("rm page.html; ln -s ../outside/inner.js page.html", study.folder)
        study.write("data/inner.js", "again")
        now = {"page.html": now["page.html"], "data/inner.js": b"again"}
        study.await_rest(lambda: study.remote() == now)
        shell("rm page.html; echo back > page.html", study.folder)
        study.await_equal()
    assert study.sent("DELETE") == []
    assert not [each for each in study.remote().values() if b"outside" in each]


@pytest.mark.long
def test_directories_swapped_for_symlinks_all_the_time_let_nothing_from_outside_in(
    study: Study,
) -> None:
    """Also while they are scanned and sent."""
    outside = study.place / "outside"
    for number in range(30):
        study.write(f"data/{number}.js", f"inside {number}")
        file = outside / f"{number}.js"
        file.parent.mkdir(exist_ok=True)
        file.write_text("SECRET of another study")
    swap = "mv data ../kept; ln -s ../outside data; rm data; mv ../kept data"
    with study.run():
        study.await_equal()
        end_s = time.monotonic() + 2
        number = 0
        while time.monotonic() < end_s:
            number += 1
            shell(swap, study.folder)
            study.write(f"data/{number % 30}.js", f"inside {number}")
        study.await_equal()
    assert not [each for each in study.remote().values() if b"SECRET" in each]
    assert study.sent("DELETE") == []


# --- names ---------------------------------------------------------------------------------------


def test_a_change_of_case_is_a_rename(study: Study) -> None:
    study.write("Trial.png", b"picture" * 100)
    study.write("Sub/a.js", "a")
    with study.run():
        study.await_equal()
        shell("mv Trial.png trial.png; mv Sub sub", study.folder)
        study.await_equal()
        assert study.remote().keys() == {"trial.png", "sub/a.js"}
    study.assert_nothing_was_sent_twice()


def test_both_spellings_side_by_side_are_two_files(study: Study) -> None:
    names = ["caf\u00e9.png", "cafe\u0301.png", "a.txt", "A.txt"]
    for name in names:
        study.write(name, name.encode())
    with study.run():
        study.await_equal()
        assert len(study.remote()) == 4
        (study.folder / names[0]).unlink()
        (study.folder / "A.txt").unlink()
        study.await_equal()
        assert study.remote().keys() == {names[1], "a.txt"}
        (study.folder / names[1]).rename(study.folder / names[0])
        study.await_equal()
    study.assert_nothing_was_sent_twice()


# --- times ---------------------------------------------------------------------------------------


def test_files_with_odd_times_are_sent_once_and_followed(study: Study) -> None:
    times_s = [0, -86400, 2**31, time.time() + 10 * 365 * 86400, 253402300799]
    for number, at_s in enumerate(times_s):
        os.utime(study.write(f"{number}.js", f"first {number}"), (at_s, at_s))
    study.configure(watch={"quiet": "150ms", "rescan": "1s"})
    with study.run():
        study.await_equal()
        for number, at_s in enumerate(times_s):
            os.utime(study.write(f"{number}.js", f"other {number}"), (at_s, at_s))
        study.await_equal()
    assert study.cli("sync").code == 0
    assert set(study.stored().values()) == {2}
    study.assert_nothing_was_sent_twice()


@pytest.mark.parametrize("mode", ["events", pytest.param("poll", marks=pytest.mark.long)])
def test_an_edit_that_keeps_size_and_time_is_noticed(study: Study, mode: str) -> None:
    study.configure(watch={"quiet": "150ms", "mode": mode})
    file = study.write("a.js", "version 1")
    before = file.stat()
    with study.run():
        study.await_equal()
        file.write_text("version 2")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        study.await_equal()
    file.write_text("version 3")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert study.cli("sync").code == 0
    assert study.in_step()


# --- much ----------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_files_of_which_most_are_ignored_are_followed(study: Study) -> None:
    """What takes part fits a study; the rest is what a builder leaves around."""
    study.configure(ignore=["generated/"])
    for number in range(100_000):
        file = study.folder / "generated" / f"{number % 300}" / f"{number}.txt"
        if number < 300:
            file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    for number in range(300):
        study.write(f"stimuli/{number}.png", f"{number}")
    wanted = {path: each for path, each in study.local().items() if path.startswith("stimuli/")}
    with study.run():
        study.await_rest(lambda: study.remote() == wanted)
        study.write("stimuli/7.png", "edited")
        wanted["stimuli/7.png"] = b"edited"
        wait_until(lambda: study.remote() == wanted, "the edit")
        shell("rm -r generated", study.folder)
        study.await_equal()
    assert study.sent("DELETE") == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_hundred_thousand_files_that_take_part_are_scanned_and_followed(study: Study) -> None:
    """Nearly all of them empty, for JATOS is not what is tried here."""
    for number in range(100_000):
        file = study.folder / f"{number % 300}" / f"{number}.txt"
        if number < 300:
            file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"" if number % 500 else b"full")
    with study.run():
        study.await_equal()
        assert len(study.remote()) == 200
        study.write("7/7.txt", "edited")
        study.await_equal()
        shell("mv 7 renamed; rm -r 8", study.folder)
        study.await_equal()
    study.assert_nothing_was_sent_twice()
