"""Law 12, over the whole suite: a test in which a token is printed fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.printed import lines_with_tokens

ROOT = Path(__file__).parents[1]
TOKEN = "jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"  # of the JATOS documentation


def test_a_line_with_a_token_is_found_and_not_repeated() -> None:
    assert lines_with_tokens(f"well\nBearer {TOKEN}!\n") == ["Bearer jap_***!"]


def test_a_test_that_prints_a_token_fails(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_it.py").write_text(f"def test_it():\n    print({TOKEN!r})\n")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout
    assert "a token was printed" in ran.stdout
    assert TOKEN not in ran.stdout.partition("Captured")[0]
