"""Faults of SQS and SES, inside ministack: it answers as AWS does when something is wrong there.

`PUT /_faults` says what is wrong from then on, such as `{"ses": "throttled"}`; null is nothing.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

PATH: Final = "/_faults"
_SECONDS_A_MAIL: Final = 1.0  # what a throttled SES takes

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_SES_ERROR: Final = (
    '<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type>'
    "<Code>{code}</Code><Message>{message}</Message></Error><RequestId>-</RequestId></ErrorResponse>"
)
_THROTTLED: Final = ("Throttling", "Maximum sending rate exceeded.")
_PAUSED: Final = ("AccountSendingPausedException", "Email sending is paused for this account.")


class AwsFaults:
    """ministack's ASGI application, or a fault in its place."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._wrong: dict[str, str | None] = {}  # "ses" or "sqs": what is wrong with it
        self._last_mail = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            self._wrong |= json.loads(await _body(receive))
            await _answer(send, 204, b"")
        elif scope["type"] != "http" or not await self._fails(_service(scope), send):
            await self._app(scope, receive, send)

    async def _fails(self, service: str, send: Send) -> bool:
        """Answer with the fault of the moment, if there is one. One that hangs does so until it is mended."""
        fault = self._wrong.get(service)
        if fault == "throttled" and self._may_send():
            return False
        if fault == "hangs":
            while self._wrong.get(service) == fault:
                await asyncio.sleep(0.1)
        if fault in ("down", "hangs"):
            await _answer(send, 503, b"")
        elif fault in ("throttled", "paused"):
            code, message = _THROTTLED if fault == "throttled" else _PAUSED
            await _answer(send, 400, _SES_ERROR.format(code=code, message=message).encode())
        return fault is not None

    def _may_send(self) -> bool:
        now = time.monotonic()
        if now - self._last_mail < _SECONDS_A_MAIL:
            return False
        self._last_mail = now
        return True


def _service(scope: Scope) -> str:
    """Which service a request is signed for: its credential scope ends with `/ses/aws4_request`."""
    signature = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    return next((name for name in ("ses", "sqs") if f"/{name}/aws4_request" in signature), "")


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/xml"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
