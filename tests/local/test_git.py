"""local/git.py with a real git."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from jatossync.local.git import git_state, operations

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")


def git(place: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=R", "-c", "user.email=r@example.org", *arguments],
        cwd=place,
        check=False,
        capture_output=True,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two commits of a file in `study`."""
    study = tmp_path / "repository" / "study"
    study.mkdir(parents=True)
    top = study.parent
    git(top, "init", "-q")
    for version in ("one", "two"):
        (study / "a.txt").write_text(version)
        git(top, "add", ".")
        git(top, "commit", "-qm", version)
    return top


def test_a_folder_in_no_repository_and_a_repository_at_rest_tell_nothing(
    repository: Path, tmp_path: Path
) -> None:
    assert operations(str(tmp_path)) == frozenset()
    assert operations(str(repository / "study")) == frozenset()


def test_a_lock_is_seen_from_the_work_tree_and_below(repository: Path) -> None:
    (repository / ".git/index.lock").touch()
    assert len(operations(str(repository))) == 1
    assert operations(str(repository / "study")) == operations(str(repository))


def test_a_rebase_that_waits_for_its_user_is_one_operation(repository: Path) -> None:
    git(repository, "checkout", "-q", "HEAD~1")
    (repository / "study/a.txt").write_text("other")
    git(repository, "commit", "-qam", "other")
    git(repository, "rebase", "-q", "@{-1}")
    seen = operations(str(repository / "study"))
    assert len(seen) == 1
    assert "rebase" in next(iter(seen))
    git(repository, "rebase", "--abort")
    assert operations(str(repository / "study")) == frozenset()


def test_another_work_tree_of_the_repository_has_locks_of_its_own(repository: Path) -> None:
    git(repository, "worktree", "add", "-q", "../second")
    second = repository.parent / "second"
    (repository / ".git/worktrees/second/index.lock").touch()
    assert len(operations(str(second / "study"))) == 1
    assert operations(str(repository)) == frozenset()


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_a_hook_of_another_repository_does_not_make_its_commit_ours(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    before = git_state(str(repository / "study"))
    assert before.commit
    assert before.dirty is False
    git(tmp_path, "init", "-q", "other")
    monkeypatch.setenv(variable, str(tmp_path / "other/.git"))
    assert git_state(str(repository / "study")) == before
