"""Who may do what: the token, its user's rights, the study and its lock."""

import re
from urllib.parse import unquote

from jatossync.emulator.dialects import Dialect, Refusal, RefusedError
from jatossync.emulator.state import State, Study, Token
from jatossync.emulator.wire import Head

SCHEME = "Bearer"  # JATOS compares case
TOKEN_MIDDLE = 31  # characters between the prefix and the check digits
LONG_MAX = 2**63 - 1


class Access:
    """The checks in JATOS's order; each raises RefusedError with its own answer."""

    def __init__(self, state: State, dialect: Dialect) -> None:
        self._state = state
        self._dialect = dialect

    def token(self, head: Head) -> Token:
        """The token of a request that may use the API."""
        if not self._state.switches.allowed:
            raise RefusedError(Refusal.API_OFF)
        authorization = head.headers.get("authorization", "")
        if not authorization.startswith(SCHEME):
            raise RefusedError(Refusal.NOT_SIGNED_IN)
        given = authorization.removeprefix(SCHEME).strip()
        if len(given.replace("jap_", "")) < TOKEN_MIDDLE or not given.isascii():
            # JATOS cuts the middle out before it checks anything, and fails.
            raise RefusedError(Refusal.INTERNAL)
        token = self._state.tokens.get(given)
        if token is None or not token.active or token.expired:
            raise RefusedError(Refusal.BAD_TOKEN)
        return token

    def user(self, head: Head) -> Token:
        """The token of somebody who may do more than look at studies and results."""
        token = self.token(head)
        if self._dialect.has_viewers and token.role == "VIEWER":
            raise RefusedError(Refusal.BAD_TOKEN)
        return token

    def study(self, token: Token, raw: str) -> Study:
        """The study that the raw part of an address names, by number or UUID."""
        given = unquote(raw)
        number = _number(given)
        found = self.find(given)
        if found is None and number is not None:
            raise RefusedError(Refusal.NO_STUDY_ID, given=number)
        if found is None:
            raise RefusedError(Refusal.NO_STUDY_UUID, given=given)
        if not (token.member and found.member):
            raise RefusedError(Refusal.NO_ACCESS, id=found.id)
        return found

    def unlocked(self, token: Token, raw: str) -> Study:
        """The study, for a request that changes it."""
        study = self.study(token, raw)
        if study.locked and self._dialect.enforces_locks:
            raise RefusedError(Refusal.LOCKED, id=study.id)
        return study

    def find(self, given: str) -> Study | None:
        """A study by number or UUID, whoever asks."""
        number = _number(given)
        studies = list(self._state.studies.values())
        if number is None:
            return next((each for each in studies if each.uuid == given), None)
        return next((each for each in studies if each.id == number), None)


def _number(given: str) -> int | None:
    """What Java's Long.parseLong makes of it."""
    if not re.fullmatch(r"[+-]?[0-9]+", given) or abs(int(given)) > LONG_MAX:
        return None
    return int(given)
