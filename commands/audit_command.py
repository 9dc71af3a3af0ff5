"""`flask audit`."""

import sys
from pathlib import Path

import click
from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from commands.printing import json_line, json_option, remark
from commands.running import in_application
from models.audit import findings


@click.command("audit")
@click.option("--full", is_flag=True, help="Read every order, not only those with open work.")
@click.option(
    "--metrics-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write there how many there are, for the node exporter of Prometheus.",
)
@json_option
@in_application
def audit(full: bool, metrics_file: Path | None, as_json: bool) -> None:
    """Check orders against stock, changing nothing. A line a finding; exit code 1 if there are any."""
    count = 0
    for finding in findings(full):
        click.echo(json_line({"finding": finding}) if as_json else finding)
        count += 1
    if metrics_file:
        _write_metrics(metrics_file, count)
    if count:
        remark(f"{count} finding{'' if count == 1 else 's'}.")
        sys.exit(1)
    click.echo("All is well.", err=as_json)


def _write_metrics(path: Path, count: int) -> None:
    """When it ran stands there too: an audit that is not run finds nothing."""
    registry = CollectorRegistry()
    Gauge("audit_findings", "What the last audit found.", registry=registry).set(count)
    Gauge(
        "audit_finished_timestamp_seconds", "When the last audit ended.", registry=registry
    ).set_to_current_time()
    try:
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error
