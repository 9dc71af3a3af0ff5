"""All indexes of the database, made by `flask indexes create` and by the local stack."""

from models import ended_tokens, inventory, order, token_family, user


def create_all() -> None:
    """Make what is missing. Running it again changes nothing; it works on the Node app's collections."""
    user.create_indexes()
    token_family.create_indexes()
    ended_tokens.create_indexes()
    order.create_indexes()
    inventory.create_indexes()
    inventory.adopt()
