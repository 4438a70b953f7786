"""A machine that is run by systemd: booted in a container of its own, thrown away at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.awaiting import DEADLINE_S, POLL_S

HERE = Path(__file__).parent
TOP = HERE.parents[1]
PYTHON = "/usr/bin/python3"
"""Of the system: where it lies, a service sees it."""
PROGRAM = "/opt/jatossync/bin/jatossync"

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NEEDED = ("unshare", "nsenter", "setpriv", "systemctl", "useradd", "runuser", "bash")


def why_not() -> str | None:
    """Why no machine can be booted here; None where it can be tried."""
    if sys.platform != "linux":
        return "only Linux has systemd"
    if os.geteuid() != 0:
        return "only root can boot a container"
    if missing := [tool for tool in _NEEDED if shutil.which(tool, path=_PATH) is None]:
        return f"this machine has no {', '.join(missing)}"
    if not Path("/lib/systemd/systemd").exists():
        return "this machine has no systemd"
    wanted = "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"
    if subprocess.run([PYTHON, "-c", wanted], capture_output=True).returncode:
        return f"{PYTHON} is missing, older than 3.11, or has no venv"
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"]).returncode:
        return "this machine makes no namespaces"
    return None


class CannotBoot(Exception):  # noqa: N818
    """This machine lacks something that only trying shows."""


class Machine:
    """For a `with` statement; `root` is its `/`."""

    def __init__(self, place: Path) -> None:
        self._name = f"jatossync-boot-{os.getpid()}"
        self._console = place / "console"
        directory = place / "machine"
        directory.mkdir()
        with self._console.open("wb") as console:
            self._outer = subprocess.Popen(
                ["unshare", "--mount", "bash", str(HERE / "boot.sh"), str(directory), self._name],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        try:
            self._pid = self._booted()
        except BaseException:
            self.stop()
            raise
        self.root = Path(f"/proc/{self._pid}/root")

    def _booted(self) -> int:
        deadline_s = time.monotonic() + DEADLINE_S
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
        while time.monotonic() < deadline_s and self._outer.poll() is None:
            if found := children.read_text().split():
                self._pid = int(found[0])
                state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
                if state in ("running", "degraded"):
                    return self._pid
            time.sleep(POLL_S)
        raise CannotBoot(self._console.read_text(errors="replace")[-2000:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Pull the plug: with its first process everything in it ends."""
        self._outer.kill()
        self._outer.wait(DEADLINE_S)
        top = _cgroups() / self._name
        deadline_s = time.monotonic() + DEADLINE_S
        while top.exists() and time.monotonic() < deadline_s:
            for group in sorted(top.rglob("*/"), reverse=True):
                _remove(group)
            _remove(top)
            time.sleep(POLL_S)

    def run(
        self,
        *command: str,
        user: str = "root",
        check: bool = True,
        environ: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the machine to its end."""
        inside = ["nsenter", "--target", str(self._pid), "--all"]
        inside += ["env", "-i", f"PATH={_PATH}", "LANG=C.UTF-8", "HOME=/root"]
        if user != "root":
            inside += ["runuser", "-u", user, "--", "env", f"HOME=/home/{user}"]
        inside += [f"{key}={value}" for key, value in (environ or {}).items()]
        # In the group of its first process: newer versions of systemd do not speak to others.
        join = 'echo $$ >"$1" 2>/dev/null; shift; exec "$@"'
        procs = str(_cgroups() / self._name / "init.scope" / "cgroup.procs")
        done = subprocess.run(
            ["sh", "-c", join, "sh", procs, *inside, *command],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S * 3,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def install(self, wheel: Path) -> None:
        """Put the wheel into a venv, as the README says."""
        shutil.copy(wheel, self.root / "opt")
        self.run(PYTHON, "-m", "venv", "/opt/jatossync")
        settings = {
            key: value
            for key, value in os.environ.items()
            if key.startswith("PIP_") or key.endswith(("_proxy", "_PROXY", "CERT_FILE"))
        }
        pip = ["/opt/jatossync/bin/pip", "install", "-q"]
        self.run(*pip, f"/opt/{wheel.name}", environ=settings)

    def write(
        self, path: str, content: str | bytes, owner: str = "root", mode: int = 0o644
    ) -> None:
        """A file in the machine, with the directories above it."""
        file = self.inside(path)
        missing = [above for above in file.parents if not above.exists()]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        file.chmod(mode)
        ids = self.ids(owner)
        for each in [file, *missing]:
            os.chown(each, *ids)

    def inside(self, path: str) -> Path:
        """Where a path of the machine is found from outside."""
        return self.root / path.lstrip("/")

    def ids(self, user: str) -> tuple[int, int]:
        """The numbers of a user of the machine and of the user's group."""
        for line in self.inside("/etc/passwd").read_text().splitlines():
            name, _, uid, gid, *_ = line.split(":")
            if name == user:
                return int(uid), int(gid)
        raise AssertionError(f"no user {user}")


def _cgroups() -> Path:
    top = Path("/sys/fs/cgroup")
    return top / "unified" if (top / "unified").is_dir() else top


def _remove(group: Path) -> None:
    with suppress(OSError):  # something in it has not ended yet
        group.rmdir()
