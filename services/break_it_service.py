"""What is broken on purpose in the local stack. The program that runs it does it: local_stack/control.py."""

from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import orjson

from config.resources import resources
from utils import errors

_PATIENCE_SECONDS = 65.0  # some faults take as long as a server takes to start


def faults() -> list[dict[str, Any]]:
    """`[{name, title, shows, recovers, lasts, secondsLeft}]`. Raises ServiceUnavailable."""
    return _ask("GET", "")


def begin(name: str) -> list[dict[str, Any]]:
    """Break it. Raises NotFound or ServiceUnavailable."""
    return _ask("PUT", name)


def end(name: str) -> list[dict[str, Any]]:
    """Mend it. Raises NotFound or ServiceUnavailable."""
    return _ask("DELETE", name)


def _ask(method: str, name: str) -> list[dict[str, Any]]:
    request = Request(f"{resources().settings.break_it_url}/{name}", method=method)  # noqa: S310 - a setting
    try:
        with urlopen(request, timeout=_PATIENCE_SECONDS) as response:  # noqa: S310
            data: list[dict[str, Any]] = orjson.loads(response.read())["data"]
            return data
    except HTTPError as error:
        if error.code == HTTPStatus.NOT_FOUND:
            raise errors.NotFound from error
        raise errors.ServiceUnavailable(orjson.loads(error.read())["detail"]) from error
    except (URLError, OSError) as error:
        raise errors.ServiceUnavailable("The local stack does not answer.") from error
