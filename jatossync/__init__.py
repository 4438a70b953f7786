"""Mirrors a local study folder to a JATOS study."""

__version__ = "0.1.0"
