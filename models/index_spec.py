"""What an index is, as data: each model declares its own, and models/indexes.py makes and compares them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

NO_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType({})
_COMPARED = {"unique": False, "sparse": False, "expireAfterSeconds": None, "partialFilterExpression": None}


class Index(NamedTuple):
    """An ascending index on `fields`. `options` have the names that MongoDB gives them.

    `vital`: without it something goes wrong, such as two orders under one Idempotency-Key. All others are
    there for speed, or to tidy up.
    """

    fields: tuple[str, ...]
    options: Mapping[str, Any] = NO_OPTIONS
    vital: bool = False

    @property
    def name(self) -> str:
        """As MongoDB would name it: `userId_1__id_1`."""
        return str(self.options.get("name") or "_".join(f"{field}_1" for field in self.fields))

    @property
    def key(self) -> list[tuple[str, int]]:
        return [(field, 1) for field in self.fields]

    def has_key_of(self, existing: Mapping[str, Any]) -> bool:
        """Whether an index that MongoDB lists is on the same fields, compared under the same collation."""
        wanted, found = self.options.get("collation", {}), existing.get("collation") or {}
        # MongoDB lists a collation with all its defaults written out.
        same_collation = wanted.items() <= found.items() if wanted else not found
        return list(existing["key"].items()) == self.key and same_collation

    def is_served_by(self, existing: Mapping[str, Any]) -> bool:
        """Whether that index does all that this one is for. Its name, and how it was built, do not matter:
        mongoose makes the same ones, in the background."""
        return self.has_key_of(existing) and all(
            existing.get(option, default) == self.options.get(option, default)
            for option, default in _COMPARED.items()
        )
