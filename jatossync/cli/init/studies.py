"""Which study: one of those that the token sees."""

from __future__ import annotations

from contextlib import closing

from jatossync.cli.init.asking import ask
from jatossync.cli.saying import done, note
from jatossync.errors import ConfigError
from jatossync.log import escaped
from jatossync.remote.client import Jatos
from jatossync.remote.parse import StudyHead
from jatossync.remote.route import Route
from jatossync.remote.token import Token

TITLE_WIDTH = 27


def choose(
    server: str, route: Route, token: Token, given: str | None, *, suggested: str | None
) -> StudyHead:
    """
    The study that is given, or that the user chooses from what there is.

    Args:
        suggested: The number of a study that is likely meant.

    Raises:
        ConfigError: There is no such study for this token, or none at all.
    """
    with closing(Jatos(server, token, 1, route)) as jatos:
        studies = sorted(jatos.studies())
    if not studies:
        raise ConfigError(
            "this token sees no study",
            "Make or import the study in JATOS first, or be made a member of it.",
        )
    if given is None:
        note("\nStudies that this token sees (number, title, UUID):")
        for study in studies:
            note(_line(study))
    default = next((str(study.id) for study in studies if str(study.id) == suggested), None)
    if len(studies) == 1:
        default = str(studies[0].id)
    chosen = ask("--study ID", "Study", lambda text: _find(text, studies), given, default)
    done(f"study “{escaped(chosen.title)}” (ID {chosen.id}, {chosen.uuid})")
    if chosen.locked:
        note("  It is locked: nothing is sent to it until you unlock it in JATOS.")
    return chosen


def _find(text: str, studies: list[StudyHead]) -> StudyHead:
    """The study with this number, UUID or title."""
    wanted = text.strip().lower()
    found = [each for each in studies if wanted in (str(each.id), each.uuid.lower())]
    found = found or [each for each in studies if wanted == each.title.strip().lower()]
    if len(found) == 1:
        return found[0]
    numbers = ", ".join(str(each.id) for each in studies)
    raise ConfigError(
        f"this token sees no study {escaped(text)}"
        if not found
        else f"{len(found)} have this title",
        f"Give the number of one of them: {numbers}",
    )


def _line(study: StudyHead) -> str:
    title = escaped(study.title)
    title = title if len(title) <= TITLE_WIDTH else title[: TITLE_WIDTH - 1] + "…"
    locked = "  locked" if study.locked else ""
    return f"{study.id:>5}  {title:<{TITLE_WIDTH}}  {study.uuid}{locked}"
