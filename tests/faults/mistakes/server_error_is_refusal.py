"""What SES answers with 500 counts as refused for good."""

from typing import Any

from services import aws_mail_service


def plant() -> None:
    module: Any = aws_mail_service
    sound = module._translate

    def translate(response: dict[str, Any], to: str) -> Exception:
        if response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            return aws_mail_service.MailRefused("as planted")
        error: Exception = sound(response, to)
        return error

    module._translate = translate
