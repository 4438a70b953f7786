"""Paths as somebody who stands somewhere gives and sees them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from jatossync.cli.paths import Standing
from jatossync.core.paths import ROOT, RelPath

TASK = RelPath("js/task.js")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study folder with a directory in it."""
    made = tmp_path / "work/stroop"
    (made / "js").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    return made


@pytest.mark.parametrize(
    ("stand", "seen"),
    [
        ("work/stroop", "js/task.js"),
        ("work/stroop/js", "task.js"),
        ("work/stroop/img/deep", "../../js/task.js"),
        ("work", "stroop/js/task.js"),
        ("elsewhere", "js/task.js"),
    ],
)
def test_what_is_shown_can_be_given(tmp_path: Path, folder: Path, stand: str, seen: str) -> None:
    standing = Standing(str(folder), str(tmp_path / stand))
    assert standing.shown(TASK) == seen
    assert standing.meant(seen) == TASK


def test_the_folder_itself_is_the_whole_study(folder: Path) -> None:
    assert Standing(str(folder), str(folder)).meant(".") == ROOT
    assert Standing(str(folder), str(folder / "js")).meant("..") == ROOT
    assert Standing(str(folder), str(folder.parent)).shown(ROOT) == "stroop"
    assert Standing(str(folder), "/").meant(str(folder)) == ROOT


def test_a_path_of_the_study_is_understood_from_above_too(folder: Path) -> None:
    assert Standing(str(folder), str(folder.parent)).meant("js/task.js") == TASK


def test_a_file_that_is_gone_has_a_path_all_the_same(folder: Path) -> None:
    assert Standing(str(folder), str(folder)).meant("gone/x.js") == "gone/x.js"


def test_symlinks_on_the_way_to_the_folder_do_not_matter(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    by_link = tmp_path / "link/js/task.js"
    assert Standing(str(folder), str(tmp_path)).meant(str(by_link)) == TASK
    assert Standing(str(tmp_path / "link"), str(tmp_path / "link/js")).meant("task.js") == TASK


def test_a_symlink_in_the_study_is_meant_itself_and_not_what_it_leads_to(folder: Path) -> None:
    (folder / "js/task.js").symlink_to("/etc/hosts")
    assert Standing(str(folder), str(folder)).meant("js/task.js") == TASK


@pytest.mark.parametrize("given", ["..", "../other.js", "/etc/hosts", "js/../../x"])
def test_what_leads_out_of_the_study_is_refused(folder: Path, given: str) -> None:
    with pytest.raises(click.BadParameter, match="not in the study folder"):
        Standing(str(folder), str(folder)).meant(given)


def test_a_name_that_is_no_text_is_refused(folder: Path) -> None:
    with pytest.raises(click.BadParameter, match="UTF-8"):
        Standing(str(folder), str(folder)).meant("caf\udce9.js")
