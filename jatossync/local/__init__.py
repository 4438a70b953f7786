"""The study folder: what it is, what is in it (scan), and what changes in it (watch, poll)."""
