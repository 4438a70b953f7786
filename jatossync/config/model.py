"""
The options: their names, defaults, bounds, and what must fit together.

Each field is parsed by `values`; a key in the file is the field's alias, or its name. A field that
depends on another stands below it, so that all faults are found in one go.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from jatossync.config import values
from jatossync.config.places import default_state
from jatossync.core.ignore import Rules


@dataclass
class Reading:
    """What the file's values are read with: pydantic's validation context."""

    path: str
    """The real path of the file."""
    notes: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Where relative paths begin: the real path's directory, whatever link led to the file."""
        return os.path.dirname(self.path)


def _reading(info: ValidationInfo) -> Reading:
    if not isinstance(info.context, Reading):
        raise TypeError("a Config is made by config.load")
    return info.context


def _path(value: object, info: ValidationInfo) -> str:
    return values.path(value, _reading(info).base)


def _ignore_pattern(pattern: str) -> str:
    Rules.build([pattern], "", [])
    return pattern


def _publish_pattern(pattern: str) -> str:
    Rules.build([], "", [pattern])
    return pattern


Text = Annotated[str, BeforeValidator(values.text)]
Path = Annotated[str, BeforeValidator(_path)]
Switch = Annotated[bool, BeforeValidator(values.switch)]
IgnorePattern = Annotated[Text, AfterValidator(_ignore_pattern)]
PublishPattern = Annotated[Text, AfterValidator(_publish_pattern)]


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Watch(_Options):
    """`watch:` — how changes are noticed, when one counts, how often all is looked at."""

    mode: Annotated[
        Literal["auto", "events", "poll"],
        BeforeValidator(values.one_of("auto", "events", "poll")),
    ] = "auto"
    quiet_s: Annotated[float, BeforeValidator(values.duration("10ms", "1m"))] = Field(
        default=0.3, alias="quiet"
    )
    max_wait_s: Annotated[float, BeforeValidator(values.duration("10ms", "10m"))] = Field(
        default=5.0, alias="max_wait", validate_default=True
    )
    rescan_s: Annotated[float, BeforeValidator(values.duration("1s", "1d"))] = Field(
        default=300.0, alias="rescan"
    )
    # JATOS reads and hashes the whole study for every listing (jatos-api.md, Listing).
    verify_s: Annotated[float, BeforeValidator(values.duration("10s", "7d"))] = Field(
        default=600.0, alias="verify"
    )

    @field_validator("max_wait_s")
    @classmethod
    def _not_shorter_than_quiet(cls, max_wait_s: float, info: ValidationInfo) -> float:
        quiet_s = info.data.get("quiet_s", 0.0)
        if max_wait_s < quiet_s:
            raise ValueError(
                f"{values.show_duration(max_wait_s)} is shorter than watch.quiet "
                f"({values.show_duration(quiet_s)}); write at least that"
            )
        return max_wait_s


class Tls(_Options):
    """`tls:` — whom to trust beyond whom this computer trusts."""

    ca_file: Path | None = None


class Deletes(_Options):
    """`deletes:` — what a file that is gone here means there."""

    mode: Annotated[Literal["mirror", "keep"], BeforeValidator(values.one_of("mirror", "keep"))] = (
        "mirror"
    )
    delay_s: Annotated[float, BeforeValidator(values.duration("0", "1d"))] = Field(
        default=2.0, alias="delay"
    )
    max_files: Annotated[int, BeforeValidator(values.whole(0, 1_000_000))] = 20
    max_share: Annotated[float, BeforeValidator(values.share())] = 0.3


class Upload(_Options):
    """`upload:` — how much at once. Two of the workers never take large files."""

    workers: Annotated[int, BeforeValidator(values.whole(3, 16))] = 8


class Trash(_Options):
    """`trash:` — how much, and for how long, is kept of what was overwritten or deleted."""

    max_size_bytes: Annotated[int, BeforeValidator(values.size("1MB", "10TB"))] = Field(
        default=500_000_000, alias="max_size"
    )
    max_age_s: Annotated[float, BeforeValidator(values.duration("1h", "10000d"))] = Field(
        default=30 * 86400.0, alias="max_age"
    )


class Log(_Options):
    """`log:` — how much is told, and in which form."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        BeforeValidator(values.one_of("debug", "info", "warning", "error")),
    ] = "info"
    format: Annotated[
        Literal["auto", "console", "json", "journal"],
        BeforeValidator(values.one_of("auto", "console", "json", "journal")),
    ] = "auto"


class Config(_Options):
    """All options of one study. Paths are absolute; `examples` are what the messages suggest."""

    allow_http: Switch = False
    server: str = Field(examples=["https://jatos.example.org"])
    """The base URL, without `/jatos` and without a slash at its end."""
    study: Annotated[str, BeforeValidator(values.study)] = Field(examples=["42"])
    """The UUID in lower case, or the ID's digits."""
    folder: Path = Field(examples=["~/studies/stroop"])
    """Not looked at yet: it may be missing, or no folder."""
    token_file: Path | None = None
    token: Annotated[SecretStr, BeforeValidator(values.text)] | None = None
    tls: Annotated[Tls, BeforeValidator(values.section)] = Tls()
    proxy: Annotated[str, BeforeValidator(values.proxy)] | None = None
    """The address of an HTTP proxy."""
    state: str = Field(default=None, validate_default=True)
    """The directory for what jatossync remembers; may not exist yet."""
    ignore: Annotated[tuple[IgnorePattern, ...], BeforeValidator(values.patterns)] = ()
    publish: Annotated[tuple[PublishPattern, ...], BeforeValidator(values.patterns)] = ()
    watch: Annotated[Watch, BeforeValidator(values.section)] = Watch()
    deletes: Annotated[Deletes, BeforeValidator(values.section)] = Deletes()
    drift: Annotated[
        Literal["hold", "restore"], BeforeValidator(values.one_of("hold", "restore"))
    ] = "hold"
    conflict: Annotated[
        Literal["keep-copy", "hold"], BeforeValidator(values.one_of("keep-copy", "hold"))
    ] = "keep-copy"
    upload: Annotated[Upload, BeforeValidator(values.section)] = Upload()
    trash: Annotated[Trash, BeforeValidator(values.section)] = Trash()
    log: Annotated[Log, BeforeValidator(values.section)] = Log()

    _reading: Reading = PrivateAttr()

    @property
    def path(self) -> str:
        """The real path of the file."""
        return self._reading.path

    @property
    def notes(self) -> tuple[str, ...]:
        """What was read otherwise than it was written: harmless, but to be told."""
        return tuple(self._reading.notes)

    @field_validator("server", mode="before")
    @classmethod
    def _server(cls, value: object, info: ValidationInfo) -> str:
        url, notes = values.server(value)
        parts = urlsplit(url)
        encrypted = parts.scheme == "https" or values.is_loopback(parts.hostname or "")
        if not encrypted and not info.data.get("allow_http", True):
            raise ValueError(
                "http:// would send the token readable for everybody on the way; write "
                f"https{url.removeprefix('http')}, or add the line allow_http: true"
            )
        _reading(info).notes.extend(notes)
        return url

    @field_validator("state", mode="before")
    @classmethod
    def _state(cls, value: object, info: ValidationInfo) -> str:
        reading = _reading(info)
        state = default_state(reading.path) if value is None else _path(value, info)
        folder = info.data.get("folder")
        if folder and values.inside(state, folder):
            if value is None:
                raise ValueError(
                    f"jatossync keeps its own files in {state}, which lies in the folder {folder}; "
                    "choose a folder that holds the study and nothing else"
                )
            raise ValueError(
                f"{state} lies in the study folder; choose a place outside of {folder}"
            )
        if folder and values.inside(folder, state):
            raise ValueError(f"{state} holds the study folder; choose a place of its own")
        return state

    def model_post_init(self, context: object) -> None:
        """Keep what the values were read with."""
        if isinstance(context, Reading):
            self._reading = context
