"""A password is changed or an account deleted between any two writes of others, or its process dies."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import AutoReconnect

from controllers import account_controller, auth_controller
from models import ended_tokens, user
from tests.support.crashes import Crash, Stop, die, lose_connection
from tests.support.replaced import change_settings
from tests.support.steered import Steered
from utils import errors, jwt_utils, passwords

OLD, NEW = "correct horse", "battery staple"


class Account:
    def __init__(self, steered: Steered) -> None:
        self.steered = steered
        self.email = f"{ObjectId()}@example.com"
        self.user_id = user.insert(self.email, passwords.hash_password(OLD, 4))

    def log_in(self, password: str = OLD) -> dict[str, Any]:
        return auth_controller.login(self.email, password)

    def change_password(self) -> None:
        account_controller.change_password(self.user_id, OLD, NEW)

    def delete(self) -> None:
        account_controller.delete(self.user_id, OLD)

    @property
    def families(self) -> int:
        count: int = self.steered.database["tokenfamilies"].count_documents({"userId": self.user_id})
        return count


@pytest.fixture
def account(steered: Steered) -> Account:
    return Account(steered)


def ended(token: str) -> bool:
    """Whether any of what an access token names has ended."""
    claims = jwt_utils.read_access_token(token)
    assert claims.family_id is not None and claims.epoch is not None
    epoch = ended_tokens.of_epoch(claims.user_id, claims.epoch)
    return any(ended_tokens.have_ended(subject) for subject in (str(claims.user_id), claims.family_id, epoch))


End = Callable[[Account], None]
ENDS = {"another password": Account.change_password, "no account": Account.delete}
all_ends = pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))


@all_ends
def test_a_refresh_that_runs_meanwhile_brings_no_login_back(account: Account, end: End) -> None:
    """The refresh has read the family, and is about to write it."""
    token = account.log_in()["refreshToken"]

    with (
        account.steered.interrupted(Stop("before", 1), lambda: end(account)),
        pytest.raises(errors.TokenInvalid),
    ):
        auth_controller.refresh(token)

    assert account.families == 0
    with pytest.raises(errors.TokenInvalid):
        auth_controller.refresh(token)


@all_ends
def test_a_refresh_that_came_just_before_is_ended_too(account: Account, end: End) -> None:
    token = account.log_in()["refreshToken"]

    with account.steered.interrupted(Stop("after", 1), lambda: end(account)):
        pair = auth_controller.refresh(token)

    assert ended(pair["token"])
    for spent in (token, pair["refreshToken"]):
        with pytest.raises(errors.TokenInvalid):
            auth_controller.refresh(spent)


@all_ends
def test_a_login_with_the_old_password_that_runs_meanwhile_is_good_for_no_refresh(
    account: Account, end: End
) -> None:
    """Its family is written after all families were deleted: it is of an earlier epoch."""
    with account.steered.interrupted(Stop("before", 1), lambda: end(account)):
        late = account.log_in()

    with pytest.raises(errors.TokenInvalid):
        auth_controller.refresh(late["refreshToken"])
    assert ended(late["token"])


def test_a_login_after_the_change_is_good(account: Account) -> None:
    account.change_password()
    token = account.log_in(NEW)["refreshToken"]

    assert auth_controller.refresh(token)["refreshToken"]


def test_of_two_who_change_the_password_at_once_one_does(account: Account) -> None:
    def change(number: int) -> bool:
        try:
            account_controller.change_password(account.user_id, OLD, f"{NEW} {number}")
        except errors.InvalidCredentials:
            return False
        return True

    changed = account.steered.each(4, change)

    assert sum(changed) == 1
    assert account.log_in(f"{NEW} {changed.index(True)}")


def test_a_hash_that_a_login_makes_stronger_meanwhile_does_not_stop_the_change(account: Account) -> None:
    found = user.find(account.user_id)
    assert found is not None
    stronger = passwords.hash_password(OLD, 5)

    with account.steered.interrupted(Stop("before", 1), lambda: user.replace_hash(found, stronger)):
        account.change_password()

    assert account.log_in(NEW)


def test_a_login_that_makes_the_hash_stronger_does_not_bring_the_old_password_back(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = account.steered.app
    change_settings(monkeypatch, app, bcrypt_cost=5)

    with account.steered.interrupted(Stop("before", 1), account.change_password):
        account.log_in()

    with pytest.raises(errors.InvalidCredentials):
        account.log_in(OLD)
    assert account.log_in(NEW)


def test_a_password_that_is_changed_meanwhile_deletes_no_account(account: Account) -> None:
    with (
        account.steered.interrupted(Stop("before", 1), account.change_password),
        pytest.raises(errors.InvalidCredentials),
    ):
        account.delete()

    assert account.log_in(NEW)


BREAKS = [Stop("after", 1), Stop("before", 2), Stop("after", 2), Stop("before", 3)]


@pytest.mark.parametrize("fault", [die, lose_connection])
@pytest.mark.parametrize("stop", BREAKS, ids=str)
def test_a_deletion_that_broke_off_is_finished_by_asking_again(
    account: Account, stop: Stop, fault: Callable[[], None]
) -> None:
    token = account.log_in()["refreshToken"]
    with account.steered.interrupted(stop, fault), pytest.raises((Crash, AutoReconnect)):
        account.delete()
    with pytest.raises(errors.TokenInvalid):
        auth_controller.refresh(token)

    account.delete()

    assert account.families == 0
    assert ended_tokens.have_ended(str(account.user_id))


@pytest.mark.parametrize("stop", [Stop("after", 1), Stop("before", 2)], ids=str)
def test_a_change_that_broke_off_has_ended_all_logins(account: Account, stop: Stop) -> None:
    """The families are still there: the user's new epoch is what counts."""
    token = account.log_in()["refreshToken"]
    with account.steered.interrupted(stop), pytest.raises(Crash):
        account.change_password()

    assert account.families == 1
    with pytest.raises(errors.TokenInvalid):
        auth_controller.refresh(token)
    assert account.log_in(NEW)


@pytest.mark.parametrize("stop", [Stop("after", 1), Stop("before", 2)], ids=str)
def test_a_logout_that_broke_off_is_finished_by_asking_again(account: Account, stop: Stop) -> None:
    """So is the end of a family whose token was stolen: whoever shows another token of it ends the rest."""
    for again in (auth_controller.logout, auth_controller.refresh):
        pair = account.log_in()
        with account.steered.interrupted(stop), pytest.raises(Crash):
            auth_controller.logout(pair["refreshToken"])
        assert not ended(pair["token"])

        with suppress(errors.TokenInvalid):
            again(pair["refreshToken"])

        assert ended(pair["token"])


def test_open_orders_of_a_deleted_user_go_on_and_their_mail_goes_to_nobody(account: Account) -> None:
    steered, product_id = account.steered, account.steered.product(5)
    order_id = steered.place(account.user_id, {product_id: 2})

    account.delete()
    steered.deliver(order_id)
    steered.finish()

    order = steered.read(order_id)
    assert (order["status"], order["mail"]["state"]) == ("Processed", "refused")
    told = {"event": "mail_refused", "reason": "the user does not exist any more"}
    assert told.items() <= order["history"][-1].items()
    assert (steered.stock(product_id), steered.ses.requests) == (3, 0)
