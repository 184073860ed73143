"""The commands. Work happens in modules that are imported when a command runs: help must be quick."""

from __future__ import annotations

from typing import Any

import click

from payloom.cli.model_commands import score, train
from payloom.cli.options import config_options, progress_option, run_options, slice_options, window_options
from payloom.cli.store_options import reach_options, store_options
from payloom.version import __version__

_WITH_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


# \b keeps the line breaks of a paragraph.
_FIRST_STEPS = """\b
First steps:
  payloom generate --preset small     a first look, written to data/
  payloom generate --rows 1_000_000   a year of payments
  payloom schema                      what is in a row
  payloom config                      every setting, and where it comes from
"""

_INSTALL_COMPLETION = """\b
To install it:
  payloom completion bash > ~/.local/share/bash-completion/completions/payloom
  payloom completion zsh > "${fpath[1]}/_payloom"
  payloom completion fish > ~/.config/fish/completions/payloom.fish
"""


@click.group(context_settings=_WITH_HELP, epilog=_FIRST_STEPS)
@click.version_option(__version__, prog_name="payloom")
def app() -> None:
    """Make coherent synthetic payments, with an exact number of frauds."""


@app.command()
@config_options
@slice_options
@run_options
@store_options
@progress_option
@click.option("--quiet", is_flag=True, help="No progress and no summary.  [default: off, both]")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.  [default: off, text]")
def generate(**given: Any) -> None:
    """Write payments, labels and entities as Parquet.

    The same config gives the same rows on every machine. --rows counts the whole period, also when only some of
    its days are made. A run that was stopped goes on where it was when it is started again.
    """
    from payloom.cli.generate_command import run_generate  # noqa: PLC0415 - slow to import

    run_generate(given)


@app.command()
@config_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.  [default: off, a table]")
def plan(*, as_json: bool, **given: Any) -> None:
    """Say what a run would make and take: cells, files, bytes, memory, CPU time, cost of storage.

    Small trials take some four seconds. The same follows for 10 million to 100 billion payments of that world.
    """
    from payloom.cli.plan_command import run_plan  # noqa: PLC0415 - slow to import

    run_plan(given, as_json=as_json)


@app.command()
@click.argument("place", metavar="DIR", type=click.Path(), default="data")
@reach_options
@click.option("--quiet", is_flag=True, help="Nothing when all is well.  [default: off, a line]")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.  [default: off, text]")
def verify(place: str, *, quiet: bool, as_json: bool, **given: Any) -> None:
    """Check every file in DIR (default: data) against the manifests.

    DIR is a folder, or an address such as s3://bucket/prefix: then every object is fetched and read.
    """
    from payloom.cli.verify_command import run_verify  # noqa: PLC0415 - slow to import

    run_verify(place, given, quiet=quiet, as_json=as_json)


@app.command()
@click.argument("source", metavar="DIR", type=click.Path())
@click.argument("target", metavar="URL")
@click.option("--day", metavar="DAY", help="Only this day, as generate --day made it.  [YYYY-MM-DD; default: all]")
@click.option(
    "--overwrite", is_flag=True, help="Replace the data set at URL if it differs, all of it.  [default: off, refuse]"
)
@click.option(
    "--table-format",
    type=click.Choice(["hive", "iceberg"]),
    default="hive",
    help="Files in folders alone, or Iceberg tables over them too.  [name; default: hive]",
)
@click.option(
    "--catalog",
    metavar="URL",
    help="Database of the Iceberg catalog.  [SQLAlchemy URL; default: PYICEBERG_CATALOG__PAYLOOM__URI, "
    "sqlite:///payloom-catalog.db]",
)
@click.option("--validate", is_flag=True, help="Judge DIR first; send nothing unless it passes.  [default: off]")
@click.option("--namespace", metavar="NAME", help="Namespace of the Iceberg tables.  [name; default: payloom]")
@store_options
@progress_option
@click.option("--quiet", is_flag=True, help="No progress and no summary.  [default: off, both]")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.  [default: off, text]")
def publish(source: str, target: str, **given: Any) -> None:
    """Upload the data set in DIR to URL, such as s3://bucket/prefix.

    DIR may be an address too. What has arrived is kept: run it again after a failure, or when there is more. Each file
    appears whole or not at all, and the manifest comes last. gs:// and az:// are accepted, and untested.
    """
    from payloom.cli.publish_command import run_publish  # noqa: PLC0415 - slow to import

    run_publish(source, target, given)


@app.command()
@click.argument("place", metavar="DIR", type=click.Path(), default="data")
@reach_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.  [default: off, text]")
def status(place: str, *, as_json: bool, **given: Any) -> None:
    """Say what lies in DIR (default: data): days, rows, config, what is unfinished.

    DIR is a folder, or an address such as s3://bucket/prefix. No data is read; verify does that.
    """
    from payloom.cli.status_command import run_status  # noqa: PLC0415 - slow to import

    run_status(place, given, as_json=as_json)


@app.command()
@click.argument("place", metavar="DIR", type=click.Path())
@click.option("--dry-run", is_flag=True, help="Say what would go and remove nothing.  [default: off, remove]")
@click.option(
    "--older-than",
    metavar="AGE",
    help="Take what is younger for a run that is alive: 30m, 24h, 7d; 0 when no run is.  [age; default: 24h]",
)
@reach_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.  [default: off, text]")
def clean(place: str, *, as_json: bool, **given: Any) -> None:
    """Remove what dead runs left in DIR: unfinished uploads, parts that no manifest lists.

    DIR is a folder, or an address such as s3://bucket/prefix. Finished data and files of others are never touched.
    """
    from payloom.cli.clean_command import run_clean  # noqa: PLC0415 - slow to import

    run_clean(place, given, as_json=as_json)


@app.command()
@click.argument("folder", metavar="DIR", type=click.Path(), default="data")
@click.option(
    "--out", metavar="FILE.html", type=click.Path(), help="Write the report as one page too.  [path; default: none]"
)
@click.option(
    "--mapping",
    metavar="FILE.toml",
    type=click.Path(),
    help="Which of their columns is which of ours, for data that payloom did not make.  [path; default: none]",
)
@click.option("--fast", is_flag=True, help="Leave out what fits models.  [default: off, everything]")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.  [default: off, tables]")
@click.pass_context
def realism(
    context: click.Context, folder: str, *, out: str | None, mapping: str | None, fast: bool, as_json: bool
) -> None:
    """Say how real the data in DIR (default: data) is.

    DIR is a data set of payloom, or any file or folder of Parquet or CSV. Exits with 3 when something that should hold
    doesn't: a fact, a column that gives fraud away, a difficulty that no real data has.
    """
    from payloom.cli.realism_command import run_realism  # noqa: PLC0415 - slow to import

    context.exit(run_realism(folder, out=out, mapping=mapping, fast=fast, as_json=as_json))


@app.command()
@click.argument("place", metavar="DIR", type=click.Path(), default="data")
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(),
    default="profiles",
    help="Folder for the pages, or s3://bucket/prefix.  [path; default: profiles]",
)
@click.option(
    "--compare",
    metavar="OTHER",
    type=click.Path(),
    help="Show DIR beside this data set, on one page.  [path or address; default: none]",
)
@window_options("Show")
@click.option(
    "--sample", metavar="N", default="100000", help="Payments that are profiled.  [payments; default: 100000]"
)
@click.option(
    "--mapping",
    metavar="FILE.toml",
    type=click.Path(),
    help="Which of their columns is which of ours, for data that payloom did not make.  [path; default: none]",
)
@reach_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.  [default: off, text]")
def profile(place: str, **given: Any) -> None:
    """Write pages that show what is in DIR (default: data): profile.html and payments.html.

    DIR is a folder, or an address such as s3://bucket/prefix. The pages load nothing and open without a network.
    """
    from payloom.cli.profile_command import run_profile  # noqa: PLC0415 - slow to import

    run_profile(place, given)


@app.command()
@click.argument("place", metavar="DIR", type=click.Path(), default="data")
@click.option("--full", is_flag=True, help="Judge every row.  [default: on]")
@click.option("--sample", metavar="N", help="Judge N payments, evenly spread.  [payments; default: every row]")
@click.option(
    "--mapping",
    metavar="FILE.toml",
    type=click.Path(),
    help="Which of their columns is which of ours, for data that payloom did not make.  [path; default: none]",
)
@click.option(
    "--reference",
    metavar="DIR",
    type=click.Path(),
    help="Data set that this one must not have drifted away from.  [path; default: none]",
)
@click.option(
    "--docs", metavar="DIR", type=click.Path(), help="Write Data Docs there.  [path or address; default: none]"
)
@click.option("--junit", metavar="FILE.xml", type=click.Path(), help="Write JUnit XML for CI.  [path; default: none]")
@reach_options
@click.option("--quiet", is_flag=True, help="Nothing when every rule holds.  [default: off, a line]")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.  [default: off, text]")
@click.pass_context
def validate(context: click.Context, /, place: str, **given: Any) -> None:
    """Judge the data in DIR (default: data): the gate before it is published.

    DIR is a data set of payloom in a folder or at an address such as s3://bucket/prefix, or any file or folder of
    Parquet or CSV. Exits with 3 when a rule does not hold.
    """
    from payloom.cli.validate_command import run_validate  # noqa: PLC0415 - slow to import

    context.exit(run_validate(place, given))


@app.command()
@click.option("--table", metavar="NAME", help="Only this table.  [name; default: all tables]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.  [default: off, tables]")
def schema(table: str | None, *, as_json: bool) -> None:
    """Print the tables and their columns."""
    from payloom.cli.schema_command import run_schema  # noqa: PLC0415 - slow to import

    run_schema(table, as_json=as_json)


@app.command()
@config_options
@click.option("--brief", is_flag=True, help="Leave out what each setting means.  [default: off, explain each]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.  [default: off, TOML]")
def config(*, brief: bool, as_json: bool, **given: Any) -> None:
    """Print the whole effective config with the source of every value.

    The output is TOML: save it, edit it and hand it to generate --config.
    """
    from payloom.cli.config_command import run_config  # noqa: PLC0415 - slow to import

    run_config(given, brief=brief, as_json=as_json)


@app.group(invoke_without_command=True)
@config_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.  [default: off, a table]")
@click.pass_context
def scenarios(context: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """List the kinds of fraud, and of genuine payments that look like it.

    Each with its share in the config and how many payments of the period that makes.
    """
    if context.invoked_subcommand is not None:
        return
    from payloom.cli.scenarios_command import run_scenarios  # noqa: PLC0415 - slow to import

    run_scenarios(given, as_json=as_json)


@scenarios.command()
@click.argument("name")
@config_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.  [default: off, text]")
def show(name: str, *, as_json: bool, **given: Any) -> None:
    """Explain one kind, and print five payments of one campaign."""
    from payloom.cli.scenarios_command import show_scenario  # noqa: PLC0415 - slow to import

    show_scenario(given, name, as_json=as_json)


@app.command()
@click.option(
    "--location",
    metavar="URL",
    required=True,
    help="Where the data set lies: s3://bucket/prefix; for DuckDB also a folder.  [address; default: none]",
)
@click.option(
    "--dialect",
    type=click.Choice(["athena", "spark", "duckdb"]),
    default="athena",
    help="Which engine the statements are for.  [name; default: athena]",
)
@click.option("--table", metavar="NAME", help="Only this table.  [name; default: all tables]")
@click.option("--database", metavar="NAME", default="payloom", help="Database of the tables.  [name; default: payloom]")
@click.option(
    "--years",
    metavar="FIRST-LAST",
    help="Years that Athena looks for, such as 2025-2026; fewer are faster.  [years; default: 2000-2099]",
)
def ddl(location: str, *, dialect: str, table: str | None, database: str, years: str | None) -> None:
    """Print the SQL that makes the tables of a data set known to an engine.

    Nothing is read or changed: pipe it on, or save it.
    """
    from payloom.cli.ddl_command import run_ddl  # noqa: PLC0415 - slow to import

    run_ddl(location, dialect, table=table, database=database, years=years)


@app.command()
@click.option(
    "--location",
    metavar="URL",
    required=True,
    help="Where the data set lies: s3://bucket/prefix.  [address; default: none]",
)
@click.option("--database", metavar="NAME", default="payloom", help="Database in Glue.  [name; default: payloom]")
@reach_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.  [default: off, text]")
def register(location: str, *, database: str, as_json: bool, **given: Any) -> None:
    """Create database, tables and partitions in the AWS Glue Data Catalog.

    Run it again after a new year or month was published: it changes what differs and keeps the rest.
    """
    from payloom.cli.register_command import run_register  # noqa: PLC0415 - slow to import

    run_register(location, database, given, as_json=as_json)


@app.command()
@click.option(
    "--athena",
    "workgroup",
    metavar="WORKGROUP",
    required=True,
    help="Workgroup that runs the query.  [name; default: none]",
)
@click.option(
    "--location",
    metavar="URL",
    required=True,
    help="Where the data set lies: s3://bucket/prefix.  [address; default: none]",
)
@click.option("--database", metavar="NAME", default="payloom", help="Database in Glue.  [name; default: payloom]")
@click.option("--table", metavar="NAME", default="payments", help="Table that is counted.  [name; default: payments]")
@click.option(
    "--output",
    metavar="URL",
    help="Where Athena writes results: s3://bucket/prefix.  [address; default: the workgroup's]",
)
@reach_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.  [default: off, text]")
def count(location: str, workgroup: str, *, as_json: bool, **given: Any) -> None:
    """Let Athena count a table, and compare that with the manifests.

    Exits with 7 when the counts differ.
    """
    from payloom.cli.count_command import run_count  # noqa: PLC0415 - slow to import

    run_count(location, workgroup, given, as_json=as_json)


@app.command(epilog=_INSTALL_COMPLETION)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell."""
    from payloom.cli.completion_command import run_completion  # noqa: PLC0415 - rarely needed

    run_completion(app, shell)


app.add_command(train)
app.add_command(score)
