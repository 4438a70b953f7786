"""Emulators and studies, as the scenarios have them."""

from tests.scenarios.conftest import Jatos, jatos, running, study

__all__ = ["Jatos", "jatos", "running", "study"]
