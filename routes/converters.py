"""What stands in a path beside plain words."""

from werkzeug.routing import BaseConverter


class ProductIdConverter(BaseConverter):
    """A product id, which may have slashes in it: `/api/inventory/SKU%2F42` comes here as `SKU/42`.

    WSGI servers decode a path before we see it, so a slash at the end of an id looks like one at
    the end of the path, which changes nothing, and one at its start makes `//`, which is no address. Such ids
    can be ordered, listed, and set by commands; they cannot be written in a path.
    """

    part_isolating = False  # it spans what werkzeug takes for several parts
    regex = r"(?s:[^/](?:.*[^/])?/?)"

    def to_python(self, value: str) -> str:
        return value.removesuffix("/")
