# What `flask` reads by itself. The factory adds the addresses of the local stack, if it runs.
FLASK_APP=commands.app:create_cli_app
