"""One machine and one JATOS for all; a study and a service of its own for each test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.boot.machine import TOP, CannotBoot, Machine, why_not
from tests.boot.service import Service
from tests.emulator.handle import Emulator


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Booted, with the wheel installed, and users: alice owns studies, bob helps, carol is new."""
    if why := why_not():
        pytest.skip(why)
    place = tmp_path_factory.mktemp("boot")
    wheel = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(place), str(TOP)]
    try:
        machine = Machine(place)
    except CannotBoot as exc:
        pytest.skip(f"no systemd boots here: {exc}")
    with machine:
        subprocess.run(wheel, check=True)
        machine.run("groupadd", "--system", "jatossync")
        for user in ("alice", "bob", "carol"):
            machine.run("useradd", "--create-home", "--shell", "/bin/sh", user)
            machine.inside(f"/home/{user}").chmod(0o700)
        machine.run("usermod", "--append", "--groups", "jatossync", "bob")
        machine.install(next(place.glob("*.whl")))
        yield machine


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(tmp_path_factory.mktemp("jatos")) as emulator:
        yield emulator


@pytest.fixture
def jatos(running: Emulator) -> Iterator[Emulator]:
    """A JATOS without faults."""
    running.clear_requests()
    yield running
    running.faults([])


@pytest.fixture
def service(machine: Machine, jatos: Emulator, request: pytest.FixtureRequest) -> Iterator[Service]:
    """alice's study, that an administrator sets up; not installed yet."""
    service = Service(
        machine, jatos, f"study{len(request.session.items)}-{request.node.name[5:30]}"
    )
    yield service
    service.remove()
