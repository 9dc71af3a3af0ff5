"""`--help` is for those who have set up nothing yet; docs/COMMANDS.md has what it has."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from commands.app import create_cli_app
from local_stack.programs import ROOT
from tests.commands.conftest import Flasks

PAGE = (ROOT / "docs" / "COMMANDS.md").read_text()
OURS = create_cli_app().cli


def _commands(group: click.Group, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command of ours with its full name, such as `orders list`."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, *path, name)
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(_commands(OURS))


def test_the_list_of_commands_needs_no_settings(bare_flask: Flasks) -> None:
    result = bare_flask("--help")

    assert (result.returncode, result.stderr) == (0, "")
    assert set(OURS.commands) <= set(re.findall(r"^  (\S+)", result.stdout, re.M))


@pytest.mark.parametrize("group", OURS.commands)
def test_help_about_a_group_needs_no_settings(bare_flask: Flasks, group: str) -> None:
    result = bare_flask(group, "--help")

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: python -m flask {group} [OPTIONS]")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_without_settings(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("commands.running.whole_app", lambda: pytest.fail("help made the application"))

    result = create_cli_app().test_cli_runner().invoke(args=[*name.split(), "--help"])

    assert result.exit_code == 0
    assert COMMANDS[name].help, "the docstring is what --help says"
    for option in COMMANDS[name].params:
        assert not isinstance(option, click.Option) or option.help, option.name


def test_a_command_without_settings_tells_which_are_missing(bare_flask: Flasks) -> None:
    for arguments in (["orders", "list"], ["audit"], ["queue", "status"], ["routes"], ["run"]):
        result = bare_flask(*arguments)

        assert (result.returncode, result.stdout) == (1, ""), result.stderr
        assert "MONGO_URI" in result.stderr and "SES_EMAIL" in result.stderr
        assert "make run" in result.stderr
        assert "Traceback" not in result.stderr


def test_the_commands_of_flask_itself_have_the_whole_application(flask: Flasks) -> None:
    routes = flask("routes")
    shell = flask("shell", typed="print(sorted(app.extensions['resources'].settings.sqs_queue_url[:4]))\n")

    assert routes.returncode == 0
    assert "/api/orders" in routes.stdout
    assert shell.returncode == 0
    assert "['h', 'p', 't', 't']" in shell.stdout


def test_a_command_or_option_that_is_unknown_is_a_fault_of_usage(bare_flask: Flasks) -> None:
    assert bare_flask("order").returncode == 2
    assert bare_flask("orders", "list", "--stauts", "Failed").returncode == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_on_the_page_with_all_its_options(name: str) -> None:
    section = re.search(rf"^### flask {name}\b.*?(?=^##|\Z)", PAGE, re.M | re.S)

    assert section, f"docs/COMMANDS.md has no section: ### flask {name}"
    for option in COMMANDS[name].params:
        shown = option.opts[0] if isinstance(option, click.Option) else option.human_readable_name.upper()
        assert shown in section[0], f"docs/COMMANDS.md says nothing of {shown} of flask {name}"


def test_the_page_tells_of_no_command_or_option_that_is_not_there() -> None:
    titles = re.findall(r"^### flask ([a-z -]+[a-z])", PAGE, re.M)
    options = set(re.findall(r"--[a-z][a-z-]+", PAGE))

    assert set(titles) == set(COMMANDS)
    assert options <= {name for c in COMMANDS.values() for o in c.params for name in o.opts} | {"--help"}


def _typed(page: str) -> list[str]:
    """What a page says to type behind `flask`, where it is a command of ours."""
    text = (ROOT / "docs" / page).read_text()
    found = {line.strip() for line in re.findall(r"\bflask ([a-z][^`\n#]*)", text)}
    return sorted(line for line in found if line.partition(" ")[0] in OURS.commands)


@pytest.mark.parametrize("typed", [*_typed("RUNBOOK.md"), *_typed("DEPLOY.md")])
def test_what_the_runbook_says_to_type_is_a_command_with_these_options(typed: str) -> None:
    words = shlex.split(typed)
    length = 1 if words[0] in COMMANDS else 2
    command = COMMANDS[" ".join(words[:length])]

    if "--help" not in words:
        command.make_context(typed, words[length:])  # UsageError on an option that there is not
