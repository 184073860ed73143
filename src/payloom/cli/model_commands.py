"""The commands around the baseline model; as in `payloom.cli.app`, work is imported when a command runs."""

from __future__ import annotations

from typing import Any

import click

from payloom.cli.options import window_options
from payloom.cli.store_options import reach_options

_TRACKING_HELP = (
    "Server or database of MLflow, such as http://127.0.0.1:5000 or sqlite:///mlflow.db.  "
    "[address; default: MLFLOW_TRACKING_URI, else none]"
)
_MAPPING_HELP = "Which of their columns is which of ours, for data that payloom did not make.  [path; default: none]"


@click.command()
@click.argument("place", metavar="DIR", type=click.Path(), default="data")
@click.option(
    "--out",
    metavar="FOLDER",
    type=click.Path(),
    default="training",
    help="Folder of the results: models, numbers, model card.  [path; default: training]",
)
@click.option("--tracking-uri", metavar="URI", help=_TRACKING_HELP)
@click.option(
    "--experiment", metavar="NAME", default="payloom", help="Experiment of the runs.  [name; default: payloom]"
)
@click.option(
    "--register",
    metavar="NAME",
    help="Register the best model, and make it champion if it beats the champion.  [name; default: none]",
)
@click.option(
    "--artifact-location",
    metavar="DIR",
    help="Files of a new experiment, if the address is a database's.  [path or s3://...; default: beside SQLite]",
)
@window_options("Read")
@click.option("--review-cost", metavar="USD", help="Cost of looking at one alert.  [US dollars; default: 5]")
@click.option("--alerts-per-day", metavar="N", help="Alerts that can be looked at.  [alerts a day; default: 100]")
@click.option("--log-only", is_flag=True, help="Train nothing: log what is in --out.  [default: off]")
@click.option("--mapping", metavar="FILE.toml", type=click.Path(), help=_MAPPING_HELP)
@reach_options
@click.option("--quiet", is_flag=True, help="No progress and no summary.  [default: off, both]")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.  [default: off, a table]")
def train(place: str, **given: Any) -> None:
    """Train the baseline models on the data in DIR (default: data), and test them on what came later.

    Features know only what came before each payment, labels only what was reported by then. With --from and --to
    payments of other days are not read, also not as history; exits with 2 when too few are left. Results are written to
    FOLDER first; when the tracking server does not answer, --log-only sends them later.
    """
    from payloom.cli.train_command import run_train  # noqa: PLC0415 - slow to import

    run_train(place, given)


@click.command()
@click.argument("place", metavar="DIR", type=click.Path(), default="data")
@click.option(
    "--model",
    metavar="MODEL",
    required=True,
    help="models:/NAME@champion, models:/NAME/3, runs:/RUN/NAME or a folder.  [address; default: none]",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(),
    default="alerts",
    help="Folder of the alerts, or s3://bucket/prefix.  [path; default: alerts]",
)
@click.option("--tracking-uri", metavar="URI", help=_TRACKING_HELP)
@window_options("Score")
@click.option(
    "--alerts-per-day",
    metavar="N",
    help="The N most suspicious of each day.  [alerts; default: what is above the model's threshold by cost]",
)
@click.option("--mapping", metavar="FILE.toml", type=click.Path(), help=_MAPPING_HELP)
@reach_options
@click.option("--quiet", is_flag=True, help="No progress and no summary.  [default: off, both]")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.  [default: off, text]")
def score(place: str, **given: Any) -> None:
    """Score the payments in DIR (default: data) and write the alerts of each day as Parquet.

    The model's files are read, never run: one that holds a pickle is refused.
    """
    from payloom.cli.score_command import run_score  # noqa: PLC0415 - slow to import

    run_score(place, given)
