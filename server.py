"""The application, put together in one place. Port of server.js.

`python server.py` starts everything on this machine: see local_stack/supervisor.py.
"""

import sys

if __name__ == "__main__":
    from local_stack.packages import explain_missing

    explain_missing()

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import routes
from config.settings import ROOT, Settings
from config.settings_reader import load_settings
from middleware import cross_origin, hosts, queue_messages, rate_limits, request_context
from middleware.request_body import MAX_BODY_BYTES
from services.connect import connect
from utils import error_handler, jwt_utils, logs


def create_app(settings: Settings | None = None) -> Flask:
    """The web application. Raises SettingsError when settings are missing or wrong; connects to nothing."""
    settings = settings or load_settings()
    logs.configure(settings.log_format, settings.log_level, settings.log_copy)
    app = Flask("order-processing", root_path=str(ROOT), static_folder=None)
    # One more: werkzeug cuts a chunked body here without a word, and middleware/request_body.py must see it.
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES + 1
    app.url_map.strict_slashes = False  # as in Express, a trailing slash changes nothing
    app.url_map.merge_slashes = False  # and /api//orders is no address, not a redirect
    if settings.trusted_proxies:
        # Each proxy adds to X-Forwarded-For; X-Forwarded-Proto has one value, of the proxy which ended TLS.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies)  # type: ignore[method-assign]
    connect(app, settings)
    request_context.init_app(app)  # first, so that each answer has its id
    hosts.init_app(app)
    cross_origin.init_app(app, settings.cors_origins)
    error_handler.init_app(app)
    jwt_utils.init_app(
        app,
        jwt_utils.Secrets(
            settings.jwt_secret.get_secret_value(),
            settings.refresh_secret,
            settings.other_secret,
            settings.other_refresh_secret,
        ),
        settings.access_token_seconds,
        settings.refresh_token_seconds,
        settings.jwt_leeway_seconds,
    )
    rate_limits.init_app(app, settings)
    if settings.publish == "before_close":
        queue_messages.init_app(app)
    routes.init_app(app)
    return app


if __name__ == "__main__":
    from local_stack.supervisor import main

    sys.exit(main())
