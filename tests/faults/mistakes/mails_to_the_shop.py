"""Every mail goes to the shop itself."""

from typing import Any

from config.resources import resources
from services import aws_mail_service


def plant() -> None:
    module: Any = aws_mail_service
    sound = module.send_mail
    module.send_mail = lambda to, *others: sound(resources().settings.ses_email, *others)
