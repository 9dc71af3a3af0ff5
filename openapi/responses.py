"""The responses of a route, declared where the route stands: tests hold the route and the document to it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from marshmallow import Schema

from openapi.traits import Trait
from utils.errors import ApiError

View = TypeVar("View", bound=Callable[..., Any])

JSON, HTML = "application/json", "text/html"


class Responses(NamedTuple):
    """`media` are the success's content types; none means that it has no body."""

    statuses: tuple[int, ...]
    schema: type[Schema] | None
    media: tuple[str, ...]
    traits: tuple[Trait, ...]
    errors: tuple[type[ApiError], ...]


def responds(
    status: int | tuple[int, ...],
    schema: type[Schema] | None = None,
    *traits: Trait,
    errors: Sequence[type[ApiError]] = (),
    media: Sequence[str] = (),
) -> Callable[[View], View]:
    """The route answers `status` with a body of this schema, or with one of the errors.

    Not to be listed: what the other decorators (`requires_user`, `accepts`) and the traits raise, and the
    ServiceUnavailable of whatever asks the database. Stands above all of them.
    """
    statuses = status if isinstance(status, tuple) else (status,)
    content_types = tuple(media) or ((JSON,) if schema else ())

    def mark(view: View) -> View:
        view.responses = Responses(statuses, schema, content_types, traits, tuple(errors))  # type: ignore[attr-defined]
        return view

    return mark


def undocumented(view: View) -> View:
    """The route is no part of the API, on purpose: a test fails on a route that says nothing."""
    view.responses = None  # type: ignore[attr-defined]
    return view
