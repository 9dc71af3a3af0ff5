"""The settings that all processes of one gunicorn go by: read by the process that forks the others, when it
starts and at each SIGHUP, and inherited.

Without it a process that is started in between, since another died or there are to be more, would read a
`.env` that somebody is at: it would sign tokens that the others refuse, or not start at all.
"""

from config.settings import Settings
from config.settings_reader import load_settings

_kept: Settings | None = None


def kept_settings() -> Settings | None:
    """None where nothing was kept: the program is none of gunicorn's."""
    return _kept


def renew_settings() -> Settings:
    """Read the settings and keep them. Raises SettingsError, and then those of before stay.

    The address stays what it was at the start: gunicorn would close the socket with all who wait in it, that
    of systemd too. It changes with a restart.
    """
    global _kept  # noqa: PLW0603 - what a fork inherits is the process' own
    read = load_settings()
    if _kept:
        read = read.model_copy(update={"host": _kept.host, "port": _kept.port})
    _kept = read
    return read
