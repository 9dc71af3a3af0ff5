"""What clients send of their accounts. Port of the fields of models/User.js, whose rules nothing checked."""

from marshmallow import ValidationError, validate

from models.schemas import StrictSchema, Text
from utils import passwords


def check_new_password(value: str) -> None:
    """Raise ValidationError unless the value will do as a new account's password."""
    if len(value) < 8:
        raise ValidationError("Must have at least 8 characters.")
    if len(value.encode()) > passwords.MAX_BYTES:
        raise ValidationError(f"Must have at most {passwords.MAX_BYTES} bytes in UTF-8.")


def check_can_be_mailed(value: str) -> None:
    """Raise ValidationError for an address that SES refuses: SendEmail takes ASCII alone."""
    if not value.isascii():
        raise ValidationError(
            "Must be ASCII: mail cannot be sent to any other address. "
            "A domain such as bücher.example is written xn--bcher-kva.example."
        )


class NewUserSchema(StrictSchema):
    email = Text(required=True, validate=[validate.Length(max=254), check_can_be_mailed, validate.Email()])
    password = Text(required=True, validate=check_new_password)


class CredentialsSchema(StrictSchema):
    """Looser than NewUserSchema: what the Node app let in must still be able to log in."""

    email = Text(required=True, validate=validate.Length(min=1, max=254))
    password = Text(required=True, validate=validate.Length(min=1, max=1000))


class RefreshTokenSchema(StrictSchema):
    refreshToken = Text()


class PasswordChangeSchema(StrictSchema):
    currentPassword = Text(required=True, validate=validate.Length(min=1, max=1000))
    newPassword = Text(required=True, validate=check_new_password)


class PasswordSchema(StrictSchema):
    password = Text(required=True, validate=validate.Length(min=1, max=1000))
