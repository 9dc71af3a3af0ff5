"""No secret, token, password or address stands in any log line: checked over the whole run's logs."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.client import PASSWORD

SERVERS_LOGS = "logs"  # the folder that local_stack/servers.py puts them in

_SECRETS = {
    "token": re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.?"),
    "password": re.compile(re.escape(PASSWORD)),
    "password hash": re.compile(r"\$2[aby]\$\d\d\$"),
    "address": re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
}
# SES makes message ids that look like addresses; `make run` greets with a command to begin with.
_GREETING = re.escape('{"email": "you@example.com", "password": "password123"}')
_HARMLESS = re.compile(rf"[\w-]+@email\.amazonses\.com|{_GREETING}")


def find_secrets(text: str, *secrets: str) -> Iterator[str]:
    """`kind: what was found`, for every secret in the text. `secrets` are further ones, such as keys."""
    for line in text.splitlines():
        told = _HARMLESS.sub("", line)
        for kind, pattern in _SECRETS.items():
            yield from (f"{kind}: {found}" for found in pattern.findall(told))
        yield from (f"secret: {secret}" for secret in secrets if secret in told)


def find_secrets_in(directory: Path, *secrets: str) -> list[str]:
    """The secrets in all logs below a directory, but for those of the local stack's servers."""
    return [
        f"{path.name}: {found}"
        for path in sorted(directory.rglob("*.log"))
        if path.parent.name != SERVERS_LOGS
        for found in find_secrets(path.read_text(errors="replace"), *secrets)
    ]
