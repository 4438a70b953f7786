"""A user's own service, under a real systemd with a manager for alice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from tests.awaiting import wait_until
from tests.boot.machine import PROGRAM, Machine
from tests.boot.service import Service
from tests.emulator.handle import Emulator

pytestmark = [pytest.mark.boot, pytest.mark.timeout(300)]


class UserService(Service):
    """A study that alice mirrors by herself."""

    kind = "--user"

    def __init__(self, machine: Machine, jatos: Emulator, name: str) -> None:
        super().__init__(machine, jatos, name)
        self.uid = machine.ids("alice")[0]
        self.config = f"/home/alice/.config/jatossync/{name}.yaml"
        self.token_file = f"/home/alice/.config/jatossync/{name}.token"

    def configure(self, **more: object) -> None:
        options = {"server": self.jatos.url, "study": self.study, "folder": self.folder, **more}
        self.machine.write(self.config, yaml.safe_dump(options), "alice", 0o600)

    def install(self, *options: str, check: bool = True) -> str:
        return self.as_alice(
            *(PROGRAM, "service", "install", self.kind, "--config", self.config),
            *("--name", self.name, *options),
            check=check,
        )

    def systemctl(self, *arguments: str, check: bool = True) -> str:
        environ = {"XDG_RUNTIME_DIR": f"/run/user/{self.uid}"}
        return self.machine.run(
            "systemctl", "--user", *arguments, user="alice", check=check, environ=environ
        ).stdout

    def as_alice(self, *command: str, check: bool = True) -> str:
        """As after `su alice`: without the variable that leads to her manager."""
        done = self.machine.run(*command, user="alice", check=check)
        return done.stdout + done.stderr


@pytest.fixture
def service(
    machine: Machine, jatos: Emulator, request: pytest.FixtureRequest
) -> Iterator[UserService]:
    machine.run("loginctl", "enable-linger", "alice")
    service = UserService(machine, jatos, request.node.name.removeprefix("test_")[:24].strip("_"))
    manager = machine.inside(f"/run/user/{service.uid}/systemd/private")
    wait_until(manager.exists, "alice's manager")
    yield service
    service.remove()


def test_installed_by_its_user_it_mirrors_and_starts_with_the_users_manager(
    service: UserService, machine: Machine
) -> None:
    service.start_with_token_file()
    service.save("task.js", "let x = 1")
    service.await_remote("task.js")
    service.await_status("in sync")
    state = f"/home/alice/.local/state/jatossync/{service.name}-"
    assert f"state: {state}" in machine.inside(service.config).read_text()

    service.systemctl("kill", "--signal=KILL", service.unit)
    wait_until(lambda: service.get("NRestarts") == "1", lambda: service.status)
    service.save("after.txt", "it works again")
    service.await_remote("after.txt")

    machine.run("systemctl", "restart", f"user@{service.uid}.service")  # as at a boot
    wait_until(lambda: service.get("ActiveState") == "active", lambda: service.status)

    said = service.as_alice(PROGRAM, "service", "status", "--config", service.config)
    assert "active (running)" in said
    for lines in ((), ("-n", "9"), ("--user", "--lines", "9")):
        said = service.as_alice(PROGRAM, "service", "logs", "--config", service.config, *lines)
        assert "watching" in said
    said = service.as_alice(PROGRAM, "service", "uninstall", "--config", service.config)
    assert "is stopped" in said
    assert not machine.inside(f"/home/alice/.config/systemd/user/{service.unit}.d").exists()


def test_init_hands_over_to_the_service_and_nothing_is_left_of_it_in_the_end(
    service: UserService, machine: Machine
) -> None:
    service.save_token(service.token)
    service.config = f"{service.folder}/jatossync.yaml"
    said = service.as_alice(
        *(PROGRAM, "init", "--server", service.jatos.url, "--study", service.study),
        *("--folder", service.folder, "--token-file", service.token_file, "--yes", "--service"),
    )
    assert f"{service.unit} runs" in said
    assert "SystemCallFilter" not in said, "not what nobody asked for"
    service.await_remote("index.html")
    service.save("task.js", "let x = 1")
    said = service.as_alice(PROGRAM, "wait", "--config", service.config)
    assert "All that was saved is on JATOS" in said
    assert (service.assets / "task.js").read_bytes() == b"let x = 1"
    # Above its config and state nothing may stay.
    service.as_alice(PROGRAM, "service", "uninstall", "--config", service.config)
    assert service.get("ActiveState") == "inactive"
    units = machine.inside("/home/alice/.config/systemd/user")
    assert not [each for each in units.rglob("*") if service.name in each.name]


def test_a_token_refused_at_the_start_waits_for_its_user_and_says_so(
    service: UserService,
) -> None:
    service.save_token(service.jatos.add_token(active=False))
    service.configure(token_file=service.token_file)
    said = service.install(check=False)
    assert "did not start" in said
    assert f"systemctl --user restart {service.unit}" in said
    assert (service.get("ExecMainStatus"), service.get("NRestarts")) == ("77", "0")


def test_systemd_has_nothing_to_say_about_the_units(service: UserService, machine: Machine) -> None:
    service.start_with_token_file()
    verified = machine.run(
        *("systemd-analyze", "--user", "verify", service.unit),
        user="alice",
        environ={"XDG_RUNTIME_DIR": f"/run/user/{service.uid}"},
    )
    assert verified.stdout + verified.stderr == ""
