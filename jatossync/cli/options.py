"""Options that many commands have."""

from __future__ import annotations

import click

config_option = click.option(
    "--config",
    "config_path",
    metavar="FILE",
    help="The configuration; otherwise jatossync.yaml here or in a folder above, or "
    "~/.config/jatossync/config.yaml.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
