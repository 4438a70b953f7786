"""A mutant that no longer fits the code would prove nothing, and nobody would notice."""

from __future__ import annotations

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.mutating import ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_breaks_one_place_of_the_code(mutant: Mutant) -> None:
    code = (ROOT / "jatossync" / mutant.file).read_text("utf-8")
    compile(mutant.broken(code), mutant.file, "exec")
