"""Exit codes of commands that end as they should; those of failures are in errors.py."""

DIFFERENCES = 2
"""Something is to be done, or waits for a person or for JATOS."""

USAGE = 64
"""The command line is wrong (EX_USAGE of sysexits.h)."""

INTERRUPTED = 130
"""Ctrl-C, as a shell tells of it: 128 + SIGINT."""
