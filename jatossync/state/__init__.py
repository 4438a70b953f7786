"""What outlives the process: one SQLite file (manifest, attempts, history, holds) and the trash."""
