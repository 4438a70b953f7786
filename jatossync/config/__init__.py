"""
The configuration: one YAML file, read once, checked as a whole.

`find_config` says which file, `load` gives a `Config` or one `ConfigError` with all that is wrong.
"""

from jatossync.config.loading import find_config, load
from jatossync.config.model import Config, Deletes, Log, Trash, Upload, Watch

__all__ = ["Config", "Deletes", "Log", "Trash", "Upload", "Watch", "find_config", "load"]
