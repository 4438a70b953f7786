"""What tells whether somebody runs a study: its log, its results and its study codes."""

import json
import secrets
import string
from typing import Any

from jatossync.emulator.answers import Answer
from jatossync.emulator.dialects import Dialect, Refusal, RefusedError
from jatossync.emulator.state import Run, Study

CODE_ALPHABET = string.ascii_letters + string.digits
LOG_CUT = "--- Log is cut here: there are more entries than were asked for"
OVER = ("FINISHED", "ABORTED", "FAIL")
STATES = ("PRE", "STARTED", "DATA_RETRIEVED", "RESULTDATA_POSTED", *OVER)

PERSONAL = ("ps", "pm")  # every call makes a new worker and a new code
GENERAL = ("gs", "gm", "mt")  # one code for all
_LONG_NAMES = {
    "personalsingle": "ps",
    "personalmultiple": "pm",
    "generalsingle": "gs",
    "generalmultiple": "gm",
    "mturk": "mt",
}


def new_code() -> str:
    """A study code, as in the link that a participant gets."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(11))


def _entries(study: Study) -> list[dict[str, Any]]:
    """The log, oldest entry first."""
    created = study.created_ms
    first = {"msg": "Initial entry", "timestamp": created, "studyUuid": study.uuid}
    server = {"serversMac": "02-FC-00-00-00-01", "hashFunction": "SHA-256"}
    begun = {"msg": "Created study", "userName": "Admin", "timestamp": created}
    started = sorted(study.runs, key=lambda run: run.started_ms)
    return [first | server, begun, *(_started(study, run) for run in started)]


def _started(study: Study, run: Run) -> dict[str, Any]:
    return {
        "msg": f"Started study run with {run.worker} worker",
        "batchId": study.id,
        "studyCode": run.code,
        "workerId": run.id,
        "timestamp": run.started_ms,
    }


def log_file(study: Study) -> Answer:
    """The whole log, one JSON object after each line break, oldest first."""
    lines = [json.dumps(entry, separators=(",", ":")) for entry in _entries(study)]
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'attachment; filename="jatos_studylog_{study.uuid}.log"',
    }
    return Answer(200, headers, "".join(f"\n{line}" for line in lines).encode())


def log_entries(study: Study, limit: str, dialect: Dialect) -> Answer:
    """At most `limit` entries (-1: all) as an array, newest first."""
    entries: list[Any] = _entries(study)[::-1]
    try:
        most = int(limit)
    except ValueError:
        raise RefusedError(Refusal.BAD_QUERY, problem=f"Cannot parse parameter: {limit}") from None
    if 0 <= most < len(entries):
        entries = [*entries[:most], LOG_CUT]
    body = json.dumps(entries, separators=(",", ":")).encode()
    return Answer(200, {"Content-Type": dialect.log_type}, body, chunked=True)


def metadata(studies: list[Study], dialect: Dialect) -> Answer:
    """Every run of the studies, without what participants did."""
    return dialect.data(
        [
            {
                "studyId": study.id,
                "studyUuid": study.uuid,
                "studyTitle": study.title,
                "studyResults": [_result(study, run) for run in study.runs],
            }
            for study in studies
        ]
    )


def _result(study: Study, run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "uuid": run.uuid,
        "studyCode": run.code,
        "startDate": run.started_ms,
        "endDate": run.seen_ms if run.state in OVER else None,
        "lastSeenDate": run.seen_ms,
        "studyState": run.state,
        "message": None,
        "workerId": run.id,
        "workerType": run.worker.replace(" ", ""),
        "batchId": study.id,
        "batchUuid": study.batch_uuid,
        "groupId": None,
        "componentResults": [],
    }


def study_codes(study: Study, query: dict[str, str]) -> list[str]:
    """Codes for links: always fresh ones for personal workers, the same one for the others."""
    given = query.get("type", "").lower()
    kind = _LONG_NAMES.get(given, given)
    if kind in GENERAL:
        return [study.codes.setdefault(kind, new_code())]
    if kind not in PERSONAL:
        raise RefusedError(Refusal.BAD_QUERY, problem="Unknown worker type")
    amount = query.get("amount", "1")
    if not amount.isdecimal():
        raise RefusedError(Refusal.BAD_QUERY, problem=f"Cannot parse parameter: {amount}")
    return [new_code() for _ in range(max(1, int(amount)))]
