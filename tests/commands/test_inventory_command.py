"""`flask inventory` and `flask users`."""

from collections.abc import Callable
from uuid import uuid4

from tests.commands.conftest import Run
from tests.support.client import Client


def test_stock_is_set_shown_and_set_again(run: Run) -> None:
    name = f"c-{uuid4().hex[:12]}"

    assert run("inventory", "set", name, "--stock", "5", "--price", "9.5").output == (
        f"Added {name}  stock 5  price 9.50\n"
    )
    assert run("inventory", "set", name, "--stock", "7").output == f"Set {name}  stock 7  price 9.50\n"
    assert run("inventory", "show", name).output == f"{name}  stock 7  price 9.50\n"
    assert f"{name}  stock 7" in run("inventory", "show").output


def test_what_cannot_be_a_product_is_refused_with_the_reason(run: Run) -> None:
    wrong_id = run("inventory", "set", "a\nb", "--stock", "5")
    wrong_stock = run("inventory", "set", "a", "--stock", "-1")
    wrong_price = run("inventory", "set", "a", "--stock", "1", "--price", "0.001")

    assert (wrong_id.exit_code, wrong_stock.exit_code, wrong_price.exit_code) == (2, 2, 2)
    assert "1 to 64 printable characters" in wrong_id.output
    assert "greater than or equal to 0" in wrong_stock.output
    assert "two decimals" in wrong_price.output
    unknown = run("inventory", "show", "no-such-product")
    assert unknown.exit_code == 1
    assert "There is no product no-such-product." in unknown.output


def test_a_promoted_user_may_set_stock_at_once(run: Run, user: Client, product: Callable[..., str]) -> None:
    name = product(1)
    assert user.put(f"/api/inventory/{name}", {"stock": 2}).status_code == 403

    assert run("users", "promote", user.email.upper()).exit_code == 0

    assert user.put(f"/api/inventory/{name}", {"stock": 2}).status_code == 200


def test_promoting_a_stranger_is_an_error(run: Run) -> None:
    result = run("users", "promote", "nobody@example.com")

    assert result.exit_code == 1
    assert "Nobody is registered as nobody@example.com." in result.output
