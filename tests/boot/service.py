"""A study on the booted machine, and the service that mirrors it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import yaml

from tests.awaiting import wait_until
from tests.boot.machine import PROGRAM, Machine
from tests.emulator.handle import Emulator


class Service:
    """A study of alice's in her home, mirrored by a service of the system."""

    kind = "--system"

    def __init__(self, machine: Machine, jatos: Emulator, name: str) -> None:
        self.machine = machine
        self.jatos = jatos
        self.name = name
        self.unit = f"jatossync@{name}.service"
        made = jatos.add_study(name)
        self.assets = Path(made["folder"])
        self.study: str = made["uuid"]
        self.token = jatos.add_token()
        self.token_file = f"/etc/jatossync/{name}.token"
        self.config = f"/etc/jatossync/{name}.yaml"
        self.folder = f"/home/alice/studies/{name}"
        self.more: dict[str, object] = {}
        self.save("index.html", "<!doctype html>")

    # Setting up.

    def configure(self, **more: object) -> None:
        """Write the configuration, for alice and the group to read."""
        options = {"server": self.jatos.url, "study": self.study, "folder": self.folder, **more}
        self.machine.write(self.config, yaml.safe_dump(options), mode=0o640)
        group = self.machine.run("getent", "group", "jatossync").stdout.split(":")[2]
        os.chown(self.machine.inside(self.config), 0, int(group))

    def save_token(self, token: str) -> None:
        """As a file that alice can read."""
        self.machine.write(self.token_file, token + "\n", "alice", 0o600)

    def save_credential(self, token: str) -> None:
        """As a credential, that systemd hands over."""
        self.machine.write(f"/etc/credstore/jatossync-{self.name}", token, mode=0o600)

    def install(self, *options: str, check: bool = True) -> str:
        """`service install`; what it said."""
        done = self.machine.run(
            *(PROGRAM, "service", "install", self.kind, "--config", self.config),
            *("--name", self.name, *options),
            check=check,
        )
        return done.stdout + done.stderr

    def start_with_token_file(self, **more: object) -> None:
        """The usual beginning: installed and running, and what was there has arrived."""
        self.save_token(self.token)
        self.configure(token_file=self.token_file, **more)
        self.install()
        self.await_remote("index.html")

    def override(self, *lines: str) -> None:
        """A drop-in of the test's own."""
        self.machine.write(
            f"/etc/systemd/system/{self.unit}.d/90-test.conf", "\n".join(["[Service]", *lines, ""])
        )
        self.systemctl("daemon-reload")

    def remove(self) -> None:
        """Stop it, whatever state it is in."""
        self.systemctl("stop", self.unit, check=False)
        self.systemctl("disable", self.unit, check=False)
        self.systemctl("reset-failed", self.unit, check=False)

    # Asking.

    def systemctl(self, *arguments: str, check: bool = True) -> str:
        return self.machine.run("systemctl", *arguments, check=check).stdout

    def get(self, name: str) -> str:
        """A property of the unit."""
        return self.systemctl("show", self.unit, f"--property={name}", "--value").strip()

    @property
    def status(self) -> str:
        """What a person sees who asks."""
        return self.systemctl("status", "--no-pager", "--full", self.unit, check=False)

    def await_status(self, *words: str) -> None:
        """Wait until all of `words` are in the one line that it says of itself."""
        wait_until(
            lambda: all(word in self.get("StatusText") for word in words),
            lambda: f"{words} in {self.status}",
        )

    def journal(self) -> list[dict[str, str]]:
        """Its own lines."""
        self.machine.run("journalctl", "--sync")
        said = self.machine.run(
            *("journalctl", "--no-pager", "--output=json", f"_SYSTEMD_UNIT={self.unit}"),
            check=False,
        )
        return [json.loads(line) for line in said.stdout.splitlines()]

    # Both sides.

    def save(self, path: str, content: str | bytes) -> None:
        """A file of alice's, that others may read."""
        self.machine.write(f"{self.folder}/{path}", content, "alice")

    def await_remote(self, path: str, content: bytes | None = None) -> None:
        """Wait until it is on JATOS."""
        file = self.assets / path
        wait_until(
            lambda: file.is_file() and content in (None, file.read_bytes()),
            lambda: f"{path} on JATOS: {self.status}",
        )
