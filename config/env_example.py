"""`python -m config.env_example` writes .env.example, made of the declarations in config/settings.py.

Each setting has its meaning in the line above it, and its default or an example behind it, so that a line
without its `#` is right. A secret has none: it must be made.
"""

from typing import get_args

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

from config.settings import ROOT, SECTIONS

FILE = ROOT / ".env.example"

_HEAD = """\
# Copy to .env and fill in. Every setting can also come from the environment, which wins.
# For `make run` nothing is needed here: what is missing is started on this machine.
# Empty is not set. This file is made by: python -m config.env_example
"""


def text() -> str:
    """The whole file."""
    parts = [_HEAD]
    for section in SECTIONS:
        parts.append(f"\n# --- {section.__doc__} ".ljust(97, "-") + "\n")
        parts += [_lines(name, field) for name, field in section.model_fields.items()]
    return "".join(parts)


def _lines(name: str, field: FieldInfo) -> str:
    return f"\n# {field.description}\n# {_name(name, field)}={_value(field)}\n"


def _name(name: str, field: FieldInfo) -> str:
    choices = field.validation_alias
    return str(choices.choices[0]) if isinstance(choices, AliasChoices) else name.upper()


def _value(field: FieldInfo) -> str:
    """An example, or the default; nothing for a secret, and for what is left out rather than set."""
    if field.examples:
        return str(field.examples[0])
    default = field.get_default()
    if field.is_required() or default is None or SecretStr in (field.annotation, *get_args(field.annotation)):
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)


if __name__ == "__main__":
    FILE.write_text(text())
