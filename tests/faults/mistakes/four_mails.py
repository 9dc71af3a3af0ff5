"""Each mail is sent four times."""

from typing import Any

from services import aws_mail_service


def plant() -> None:
    module: Any = aws_mail_service
    sound = module.send_mail
    module.send_mail = lambda *arguments: [sound(*arguments) for _ in range(4)][-1]
