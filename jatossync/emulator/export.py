"""A study as one file, as JATOS exports it."""

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from jatossync.emulator.answers import Answer
from jatossync.emulator.state import Study


def study_archive(study: Study, properties: dict[str, Any], folder: Path) -> Answer:
    """A .jzip: the assets below the folder's name, and the properties beside it."""
    # Closed with the answer that sends it.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    with zipfile.ZipFile(file, "w", strict_timestamps=False) as archive:
        archive.writestr(f"{study.dir_name}.jas", json.dumps({"data": properties}))
        for path in sorted(folder.rglob("*")):
            archive.write(path, f"{study.dir_name}/{path.relative_to(folder).as_posix()}")
    size = file.tell()
    file.seek(0)
    headers = {
        "Content-Type": "application/zip",
        "Content-Disposition": f'attachment; filename="jatos_study_{study.uuid}.jzip"',
    }
    return Answer(200, headers, file=file, size=size)
