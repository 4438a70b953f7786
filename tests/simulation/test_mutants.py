"""A mutant that no longer fits the code would prove nothing, and nobody would notice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.mutating import ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_breaks_one_place_of_the_code(mutant: Mutant, tmp_path: Path) -> None:
    for file in {mutant.file, *(file for file, _, _ in mutant.also)}:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "jatossync" / file, tmp_path / file)
    mutant.apply(tmp_path)
