"""The daemon's ties to the system: control socket, service manager (sd_notify), systemd units."""
