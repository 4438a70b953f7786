"""The command line: finds the command, and turns every expected failure into one message."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Sequence

import click

from jatossync import __version__
from jatossync.errors import JatossyncError
from jatossync.log import redact

USAGE_EXIT_CODE = 64
INTERRUPTED_EXIT_CODE = 130

_COMMANDS = ("demo", "check", "plan", "sync", "run")


class _Commands(click.Group):
    """Each command lives in the module of its name, which is imported only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"jatossync.cli.{cmd_name}")
        command: click.Command = module.command
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="jatossync")
def jatossync() -> None:
    """Mirror a local study folder to a JATOS study.

    \b
    jatossync demo     see it work, without a JATOS of your own
    jatossync check    is everything set up? what is missing?
    jatossync plan     what would happen, without doing it
    jatossync sync     bring JATOS up to date once
    jatossync run      keep it up to date while you work
    """


def run(arguments: Sequence[str]) -> int:
    """
    Run one command.

    Returns:
        Its exit code (design.md, "Commands and exit codes").
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name must not end the program
            stream.reconfigure(errors="backslashreplace")
    try:
        code = jatossync.main(list(arguments), prog_name="jatossync", standalone_mode=False)
        return int(code or 0)
    except click.UsageError as exc:
        exc.show()
        return USAGE_EXIT_CODE
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("jatossync: interrupted; run it again to go on", file=sys.stderr)
        return INTERRUPTED_EXIT_CODE
    except JatossyncError as exc:
        print(redact(_shown(exc)), file=sys.stderr)
        return exc.exit_code


def _shown(error: JatossyncError) -> str:
    lines = [f"jatossync: {error.message}"]
    if error.hint:
        lines.append(f"  → {error.hint}")
    return "\n".join(lines)
