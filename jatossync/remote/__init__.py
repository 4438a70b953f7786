"""JATOS over HTTP: its API's requests, what its answers mean, and the token."""

import sys

# httpx imports its own command line, and with that rich and pygments, wherever it finds them. The
# daemon draws nothing, and would start with a third more of everything. httpx can do without.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
