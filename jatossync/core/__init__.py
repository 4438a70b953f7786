"""Values and decisions: pure functions and data, without files, clocks, threads or network."""
