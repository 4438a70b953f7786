"""`python -m jatossync.emulator`: serve, say where, and end on a signal."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from jatossync.emulator.dialects import DIALECTS
from jatossync.emulator.paths import NAMES
from jatossync.emulator.server import Server
from jatossync.emulator.state import State


def main() -> int:
    """Serve until SIGTERM or SIGINT; 0 on a clean end, 1 where it cannot listen."""
    options = _options()
    state = State(options.assets.absolute())
    try:
        server = Server(
            state, DIALECTS[options.dialect], NAMES[options.names], options.port or state.port
        )
    except OSError as error:
        print(f"cannot listen on port {options.port or state.port}: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the loop that this handler interrupts, so it needs its own thread.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    with server:
        print(json.dumps(_introduction(server, state)), flush=True)
        server.serve_forever(poll_interval=0.05)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m jatossync.emulator", description=__doc__)
    parser.add_argument("--dialect", choices=DIALECTS, default="3.10", help="which JATOS to be")
    parser.add_argument("--port", type=int, default=0, help="0: the last one, or a free one")
    parser.add_argument("--assets", type=Path, required=True, help="where everything is kept")
    parser.add_argument("--names", choices=NAMES, default="exact", help="how file names compare")
    return parser.parse_args()


def _introduction(server: Server, state: State) -> dict[str, object]:
    """The first study and token, made where there are none yet."""
    study = next(iter(state.studies.values()), None) or state.add_study("Example study")
    token = next(iter(state.tokens.values()), None) or state.add_token()
    with state.change():
        state.port = int(server.server_address[1])
    return {
        "url": server.url,
        "token": token.token,
        "study": study.uuid,
        "id": study.id,
        "folder": str(state.folder(study)),
    }


if __name__ == "__main__":
    sys.exit(main())
