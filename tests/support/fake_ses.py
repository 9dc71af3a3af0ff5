"""A small SES over HTTP that misbehaves as it is told, and keeps the mails that it accepted."""

import os
import socket
import struct
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs

import boto3
from botocore.config import Config

_NAMESPACE = "http://ses.amazonaws.com/doc/2010-12-01/"
_ACCEPTED = (
    '<SendEmailResponse xmlns="{namespace}"><SendEmailResult><MessageId>{id}</MessageId></SendEmailResult>'
    "<ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></SendEmailResponse>"
)
_FAULT = (
    '<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{code}</Code>'
    "<Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
)
# What SES answers, by the name under which a test plans it.
FAULTS = {
    "throttled": (400, "Throttling"),
    "too many requests": (429, "TooManyRequestsException"),
    "refused": (400, "MessageRejected"),
    "denied": (403, "AccessDenied"),
    "unauthorized": (401, "UnrecognizedClientException"),
    "paused": (400, "AccountSendingPausedException"),
    "paused in words": (400, "MessageRejected"),
    "sender not verified": (400, "MessageRejected"),
    "recipient not verified": (400, "MessageRejected"),
    "nobody verified": (400, "MessageRejected"),
    "no MX": (400, "MailFromDomainNotVerifiedException"),
    "no configuration set": (400, "ConfigurationSetDoesNotExist"),
    "configuration set paused": (400, "ConfigurationSetSendingPausedException"),
    "bad key": (403, "InvalidClientTokenId"),
    "bad signature": (403, "SignatureDoesNotMatch"),
    "bad clock": (400, "RequestExpired"),
    "no permission": (400, "AccessDeniedException"),
    "expired keys": (403, "ExpiredToken"),
    "a code of next year": (400, "SomethingElseException"),
    "bad address": (400, "InvalidParameterValue"),
    "too large": (413, "RequestEntityTooLarge"),
    "500": (500, "InternalFailure"),
    "503": (503, "ServiceUnavailable"),
}
_FAILED_CHECK = (
    "Email address is not verified. The following identities failed the check in region US-EAST-1: "
)
# What it says in words, where that tells more than the code; `sender` and `to` are those of the mail.
_WORDS = {
    "paused in words": "Sending paused for this account. For more information, please check the inbox.",
    "sender not verified": _FAILED_CHECK + "{sender}",
    "recipient not verified": _FAILED_CHECK + "{to}",
    "nobody verified": _FAILED_CHECK + "{to}, {sender}",
}


class SentMail(NamedTuple):
    to: str
    subject: str
    text: str
    html: str


class FakeSes:
    """`plan` says what the next requests come to: a name of FAULTS, `reset`, `hang`, `lost` (accepted, but
    the answer never arrives) or `accepted`, as all later ones are."""

    def __init__(self) -> None:
        self.mails: list[SentMail] = []
        self.forms: list[dict[str, list[str]]] = []  # all requests, as they came
        self.requests = 0
        self._planned: deque[str] = deque()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def plan(self, *outcomes: str) -> None:
        self._planned.extend(outcomes)

    def forget(self) -> None:
        """As if nothing had been sent or planned."""
        self._planned.clear()
        self.mails.clear()
        self.forms.clear()
        self.requests = 0

    def take(self, form: dict[str, list[str]]) -> tuple[str, int]:
        """Count a request, keep its mail if it is accepted. Returns the outcome and the request's number."""
        with self._lock:
            self.requests += 1
            self.forms.append(form)
            outcome = self._planned.popleft() if self._planned else "accepted"
            if outcome in ("accepted", "lost"):
                self.mails.append(_mail(form))
            return outcome, self.requests

    def hang(self) -> None:
        """Until the server is closed; the client has long given up by then."""
        self._closing.wait()


def ses_client(like: Any, url: str, read_timeout: float = 10) -> Any:
    """A client with all options of another, such as the app's own, for another address."""
    config = like.meta.config.merge(Config(read_timeout=read_timeout, proxies={}))
    return boto3.client(
        "ses",
        endpoint_url=url,
        region_name=like.meta.region_name,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config,
    )


def _mail(form: dict[str, list[str]]) -> SentMail:
    return SentMail(
        form["Destination.ToAddresses.member.1"][0],
        form["Message.Subject.Data"][0],
        form["Message.Body.Text.Data"][0],
        form["Message.Body.Html.Data"][0],
    )


def _handler(ses: FakeSes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = parse_qs(body)
            outcome, number = ses.take(form)
            if outcome == "hang":
                ses.hang()
            elif outcome in ("reset", "lost"):
                self._reset()
            elif outcome == "accepted":
                self._answer(200, _ACCEPTED.format(namespace=_NAMESPACE, id=f"message-{number}"))
            else:
                status, code = FAULTS[outcome]
                words = _WORDS.get(outcome, "As planned.").format(
                    sender=form["Source"][0], to=form["Destination.ToAddresses.member.1"][0]
                )
                text = _FAULT.format(namespace=_NAMESPACE, code=code, message=words, id=number)
                self._answer(status, text)

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def _reset(self) -> None:
            """Close with a RST instead of a FIN: what a crashed server's kernel sends."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())

        def log_message(self, format: str, *args: Any) -> None:
            """Silence."""

    return Handler
