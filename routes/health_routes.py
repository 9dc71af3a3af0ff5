"""/livez, /readyz and /metrics, for whoever watches processes, restarts them or sends them requests."""

from typing import Any

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from controllers import health_controller
from middleware.auth_middleware import public
from utils import errors, metrics

health = Blueprint("health", __name__)


@health.get("/livez")
@public
def livez() -> Any:
    """200: the process answers. Nothing else is asked: restarting it would not bring a database back."""
    return {"status": "alive"}


@health.get("/readyz")
@public
def readyz() -> Any:
    """200 `{status, dependencies}`, status `ready` or `degraded`; 503 names what is down."""
    status, dependencies = health_controller.readiness()
    if status == "unavailable":
        down = ", ".join(name for name, state in dependencies.items() if state == "down")
        raise errors.ServiceUnavailable(f"Not reachable: {down}.", dependencies=dependencies)
    return {"status": status, "dependencies": dependencies}


@health.get("/metrics")
@public
def show_metrics() -> Response:
    """200: the numbers of all processes of this API, in Prometheus' text format."""
    return Response(metrics.exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
