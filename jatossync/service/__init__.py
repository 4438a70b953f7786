"""What the daemon has to do with the system around it: its control socket."""
