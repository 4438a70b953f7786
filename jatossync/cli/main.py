"""The command line: finds the command, and turns every expected failure into one message."""

from __future__ import annotations

import difflib
import importlib
import io
import os
import sys
from collections.abc import Sequence

import click
from click.exceptions import NoArgsIsHelpError

from jatossync import __version__
from jatossync.cli import exits
from jatossync.cli.terminal import fails_again, fitted, silence, wants_colours
from jatossync.errors import SHORTAGES, JatossyncError
from jatossync.log import complain

LONGEST_COMMAND = 12

COMPLETION = "_JATOSSYNC_COMPLETE"
"""Set by a shell that asks what to complete."""

_SECTIONS = {
    "Begin": {
        "init": "Set up the mirroring of one study, step by step.",
        "demo": "See it work, without a JATOS of your own.",
        "check": "Is everything set up, and if not, what is missing?",
    },
    "Every day": {
        "run": "Keep JATOS up to date while you work, until Ctrl-C.",
        "sync": "Bring JATOS up to date once.",
        "status": "Is it in sync? What is going on, and what needs you?",
        "plan": "What `sync` would do, without doing it.",
        "wait": "Wait until all that was saved is on JATOS.",
        "open": "Run the study in your browser.",
        "pause": "Send nothing for now.",
        "resume": "Go on after `pause`.",
    },
    "When the two sides differ": {
        "approve": "Let happen what waits for your decision.",
        "pull": "Take over from JATOS what was changed there.",
        "prune": "Delete on JATOS what only JATOS has.",
    },
    "Look back": {
        "history": "What went up or was deleted, and when.",
        "trash": "What was kept before it was replaced or deleted.",
        "restore": "Bring a file back from the trash.",
    },
    "Set up": {
        "service": "Let it run in the background, also after a restart.",
        "token": "How long the token is good for; put in a new one.",
        "config": "The options in effect, and their schema for editors.",
        "completion": "Completion by Tab, for bash, zsh and fish.",
    },
}
"""What `--help` says of each command: here, so that it need not import them all."""

COMMANDS = {name: about for section in _SECTIONS.values() for name, about in section.items()}


class _Commands(click.Group):
    """Each command lives in the module of its name, which is imported only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"jatossync.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        given = args[0] if args else ""
        if given not in COMMANDS and not given.startswith("-"):
            close = difflib.get_close_matches(given, COMMANDS, n=1)
            ctx.fail(
                f"there is no command {given!r}" + (f"; did you mean {close[0]}?" if close else "")
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for title, section in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(section.items()), col_max=LONGEST_COMMAND)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="jatossync")
def jatossync() -> None:
    """Mirror a local study folder to a JATOS study.

    You save a file in your editor; a moment later it is on the server.
    `jatossync COMMAND --help` tells more about a command.
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
    if asked := os.environ.get(COMPLETION):
        from jatossync.cli.completing import complete

        return complete(jatossync, asked)
    try:
        code = _run(arguments)
        sys.stdout.flush()  # else Python does, where nothing can be said about it any more
        return code
    except OSError as exc:
        if not fails_again(exc):
            raise
        silence()
        if not isinstance(exc, BrokenPipeError):  # who reads no more wants to hear no more
            reason = exc.strerror
            complain(f"jatossync: what is to be told cannot be written: {reason}", "error")
        return JatossyncError.exit_code


def _run(arguments: Sequence[str]) -> int:
    try:
        code = jatossync.main(
            list(arguments),
            prog_name="jatossync",
            standalone_mode=False,
            color=None if wants_colours() else False,
        )
        return int(code or 0)
    except NoArgsIsHelpError as exc:
        print(exc.format_message(), file=sys.stderr)
        return exits.USAGE
    except click.ClickException as exc:
        complain(fitted(_misused(exc), sys.stderr, "    "), "error")
        return exits.USAGE if isinstance(exc, click.UsageError) else exc.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("jatossync: interrupted; run it again to go on", file=sys.stderr)
        return exits.INTERRUPTED
    except JatossyncError as exc:
        complain(fitted(_shown(exc), sys.stderr, "    "), "error")
        return JatossyncError.exit_code if _passes(exc) else exc.exit_code


def _passes(error: JatossyncError) -> bool:
    """Whether the system only lacks something just now: a service is to try again."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in SHORTAGES


def _misused(error: click.ClickException) -> str:
    """click's sentences in the voice of all others."""
    message = error.format_message().removesuffix(".")
    lines = [f"jatossync: {message[:1].lower()}{message[1:]}"]
    context = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, click.NoSuchOption) and context and context.parent is None:
        lines.append("  → options stand behind the command: jatossync COMMAND --option")
    if context is not None:
        lines.append(f"  → {context.command_path} --help tells how it is used")
    return "\n".join(lines)


def _shown(error: JatossyncError) -> str:
    lines = [f"jatossync: {error.message}"]
    if error.hint:
        lines.append(f"  → {error.hint}")
    return "\n".join(lines)
