"""/livez, /readyz and /metrics: for monitoring, supervisors and load balancers."""

from typing import Any

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from config.resources import resources
from controllers import health_controller
from middleware.auth_middleware import public
from openapi.responses import responds
from openapi.schemas import AliveSchema, ReadinessSchema
from openapi.traits import WITHOUT_DATABASE
from utils import errors, metrics

health = Blueprint("health", __name__)


@health.get("/livez")
@responds(200, AliveSchema, WITHOUT_DATABASE)
@public
def livez() -> Any:
    """Tell that the process answers.

    Nothing else is asked: restarting it would not bring a database back.
    """
    return {"status": "alive"}


@health.get("/readyz")
@responds(200, ReadinessSchema)
@public
def readyz() -> Any:
    """Tell which dependencies answer, and which indexes of the database are missing.

    503 when one is down or missing that nothing works without, or nothing works right; `read-only` is a
    MongoDB that answers and takes no writes. `degraded` is still ready: answers are right, and take longer.
    `mails` says why none goes out, where the shop's account is at fault: orders are taken all the same.
    """
    found = health_controller.readiness()
    missing: dict[str, Any] = {"missingIndexes": found.missing_indexes} if found.missing_indexes else {}
    if found.status == "unavailable":
        down = ", ".join(name for name, state in found.dependencies.items() if state == "down")
        reasons = [f"Not reachable: {down}."] if down else []
        if found.dependencies["mongodb"] == "read-only":
            reasons.append("MongoDB answers and takes no writes: look at its disk and its log.")
        if missing:
            names = ", ".join(found.missing_indexes)
            reasons.append(f"Missing indexes: {names}. Make them with: flask indexes create")
        raise errors.ServiceUnavailable(" ".join(reasons), dependencies=found.dependencies, **missing)
    mails = {"mails": f"held: {found.mails_held}"} if found.mails_held else {}
    return {"status": found.status, "dependencies": found.dependencies, **missing, **mails}


@health.get("/metrics")
@responds(200, None, WITHOUT_DATABASE, media=["text/plain"], errors=[errors.NotFound])
@public
def show_metrics() -> Response:
    """Show the numbers of all processes of this API, in Prometheus' text format. 404 with METRICS=false."""
    if not resources().settings.metrics:
        raise errors.NotFound
    return Response(metrics.exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
