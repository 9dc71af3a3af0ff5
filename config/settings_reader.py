"""Reads the settings: one reader for gunicorn.conf.py, the API, the worker, `flask` and `make run`.

The environment goes before `.env`, and both before what further files say. pydantic-settings is not used:
here an empty variable hides the line of `.env`, so that a test or a container can take a setting away, and
`make run` needs the texts as they stand, to hand them on.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from pydantic import ValidationError

from config.settings import ROOT, Settings

# Names of one thing: one that is set in the environment replaces the other in `.env`.
_ALIASES = ({"REDIS_URI", "REDIS_HOST"}, {"SQS_QUEUE_URL", "SQS_URL"})


class SettingsError(Exception):
    """Some settings are missing or wrong. The text lists all of them, a line each, and no value."""


def load_settings(*further: Path, **defaults: str) -> Settings:
    """Read the settings, from `further` files as well, and `defaults` for what nothing sets.

    Raises SettingsError with every fault found.
    """
    found = read_texts()
    for file in further:
        found = {**_set_in(dotenv_values(file)), **found}
    return check_settings({**defaults, **found})


def read_texts() -> dict[str, str]:
    """What the environment and `.env` set, as it stands there. Empty is not set."""
    file = _set_in(dotenv_values(ROOT / ".env"))
    here = _set_in(os.environ)
    for names in _ALIASES:
        if names & here.keys():
            file = {name: text for name, text in file.items() if name not in names}
    return _set_in({**file, **os.environ})


def check_settings(texts: Mapping[str, str]) -> Settings:
    """The settings that these texts are. Raises SettingsError with every fault found."""
    try:
        return Settings.model_validate(texts)
    except ValidationError as error:
        faults = {_name(fault["loc"]): _tell(fault["type"], fault["msg"]) for fault in error.errors()}
    lines = [f"  {name}: {text}" for name, text in sorted(faults.items())]
    raise SettingsError(
        "\n".join(["These settings are missing or wrong (see .env.example for all of them):", *lines])
    )


def _set_in(texts: Mapping[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text and text.strip()}


def _name(place: tuple[int | str, ...]) -> str:
    return str(place[0]).upper()


def _tell(kind: str, message: str) -> str:
    if kind == "missing":
        return "Needed, and not set."
    return message.removeprefix("Value error, ").replace("Input should be", "Must be").rstrip(".") + "."
