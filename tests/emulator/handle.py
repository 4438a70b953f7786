"""A running emulator for tests."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

STOP_S = 10


class Emulator:
    """One emulator process, with its side door.

    Use it in a `with` statement. `url` is what a user would write as `server:`; `folder` holds
    the assets of `study` on disk. Everything survives `kill` and `restart`, the port included.
    """

    def __init__(
        self,
        root: Path,
        dialect: str = "3.10",
        names: str = "exact",
        program: str = "jatossync.emulator",
    ) -> None:
        self.root = root
        self.dialect = dialect
        self._command = [sys.executable, "-m", program]
        self._command += ["--dialect", dialect, "--names", names, "--assets", str(root)]
        root.mkdir(parents=True, exist_ok=True)
        # A file, because a pipe that nobody reads would fill up and stop the emulator.
        self._errors = root / ".emulator-errors"
        self._start()

    def _start(self) -> None:
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the emulator did not start: {self._said()}"
        said = json.loads(line)
        self.url: str = said["url"]
        self.token: str = said["token"]
        self.study: str = said["study"]
        self.id: int = said["id"]
        self.folder = Path(said["folder"])
        # No pool: a kept connection would die with the process and spoil the next call.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(
            base_url=f"{self.url}/emulator/", trust_env=False, timeout=30, limits=limits
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        assert not self._said(), f"the emulator stumbled: {self._said()}"

    @property
    def api(self) -> str:
        """The address below which the JATOS API lies."""
        return f"{self.url}/jatos/api/v1"

    # The process.

    def stop(self) -> int:
        """End it as a user would; its exit code. Nothing to do when it is gone already."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self._ended()

    def restart(self) -> None:
        """Start it again on the same port with the same studies and tokens."""
        self.stop()
        self._start()

    def become(self, dialect: str) -> None:
        """Be updated to, or taken back to, another version; the rest stays as it is."""
        self.stop()
        self._command[self._command.index("--dialect") + 1] = self.dialect = dialect
        self._start()

    def _ended(self) -> int:
        code = self.process.wait(STOP_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._http.close()
        return code

    def _said(self) -> str:
        """What it wrote to stderr: nothing, unless it is broken."""
        return self._errors.read_text("utf-8")

    # The side door.

    def requests(self) -> list[dict[str, Any]]:
        """`method, path, status, bytes, ms` of every API request, in order of arrival."""
        found: list[dict[str, Any]] = self._order("GET", "requests")
        return found

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._order("DELETE", "requests")

    def faults(self, rules: list[dict[str, Any]]) -> None:
        """Replace all faults, e.g. `[{"method": "POST", "times": 1, "do": "lose"}]`."""
        self._order("PUT", "faults", rules)

    def add_study(self, title: str = "Another study", uuid: str | None = None) -> dict[str, Any]:
        """A new study: `id, uuid, dirName, folder`."""
        order = {"title": title} if uuid is None else {"title": title, "uuid": uuid}
        made: dict[str, Any] = self._order("POST", "studies", order)
        return made

    def change_study(self, study: str | None = None, **changes: Any) -> None:
        """`locked`, `member` or `id` of a study (default: the first)."""
        self._order("PATCH", f"studies/{study or self.study}", changes)

    def delete_study(self, study: str | None = None) -> None:
        """Remove a study with its assets."""
        self._order("DELETE", f"studies/{study or self.study}")

    def add_component(
        self, html_file_path: str, title: str = "A page", study: str | None = None
    ) -> None:
        """A component of a study (default: the first)."""
        order = {"title": title, "htmlFilePath": html_file_path}
        self._order("POST", f"studies/{study or self.study}/components", order)

    def add_run(self, state: str, started_s_ago: float = 0, seen_s_ago: float = 0) -> None:
        """A participant's run of the first study, e.g. `add_run("STARTED", 3600, 60)`."""
        order = {"state": state, "started_s_ago": started_s_ago, "seen_s_ago": seen_s_ago}
        self._order("POST", f"studies/{self.study}/runs", order)

    def add_token(self, **fields: Any) -> str:
        """A new token; `expires_s`, `active`, `member`, `role`."""
        token: str = self._order("POST", "tokens", fields)["token"]
        return token

    def change_token(self, token: str | None = None, **changes: Any) -> None:
        """`active` or `role` of a token (default: the first)."""
        self._order("PATCH", f"tokens/{token or self.token}", changes)

    def change_api(self, **changes: Any) -> None:
        """`allowed`, `max_body_bytes`, `proxy` (none, canonical, apache-rewrite)."""
        self._order("PATCH", "api", changes)

    def _order(self, method: str, path: str, content: object = None) -> Any:
        answer = self._http.request(method, path, json=content if content is not None else {})
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    # The study's files.

    def files(self) -> dict[str, bytes]:
        """Everything in the study's folder: path to content."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}
