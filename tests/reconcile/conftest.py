"""What the scenarios have (a JATOS, a study) and what the engine's tests have (a small world)."""

from tests.engine.conftest import store, world
from tests.scenarios.conftest import Jatos, jatos, running, study

__all__ = ["Jatos", "jatos", "running", "store", "study", "world"]
