"""The DAGs as Airflow sees them, before anything runs."""

import subprocess
import sys
from datetime import timedelta

import pytest

pytest.importorskip("airflow")

from tests.dags.conftest import DAGS, Airflow

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

TASKS = {
    "generate_payments": ["generate", "validate", "upload_to_s3", "register_partition", "clear_staging"],
    "profile_payments": ["profile"],
    "train_baseline": ["train"],
}
#: What takes half a second or more to import, or belongs into payloom's environment.
HEAVY = ("boto3", "botocore", "mlflow", "numpy", "pandas", "payloom", "polars", "pyarrow")
PARSE = """
import sys, time
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag
import airflow.models, airflow.sdk
from airflow.sdk import DAG, Asset, BaseOperator, Connection, Variable
# What Airflow itself imports when it parses its first file.
DagBag(sys.argv[2])
before, started_s = set(sys.modules), time.process_time()
sys.path.append(sys.argv[1])
bag = DagBag(sys.argv[1])
seconds = time.process_time() - started_s
assert not bag.import_errors, bag.import_errors
print("MODULES", *(set(sys.modules) - before))
print("SECONDS", seconds)
"""


@pytest.fixture(scope="module")
def bag():
    """The DAGs of the folder."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        from airflow.models.dagbag import DagBag
    return DagBag(str(DAGS))


def test_every_dag_is_there_and_has_no_import_error(bag):
    """Three DAGs with these tasks, and no file that Airflow can't parse or takes for a DAG."""
    assert bag.import_errors == {}
    assert {name: sorted(task.task_id for task in dag.tasks) for name, dag in bag.dags.items()} == {
        name: sorted(tasks) for name, tasks in TASKS.items()
    }


def test_no_dag_has_a_cycle(bag):
    """The order of a topological sort has every task once, the daily one from generate to clear_staging."""
    for name, dag in bag.dags.items():
        order = [task.task_id for task in dag.topological_sort()]
        assert order == TASKS[name]


def test_every_task_says_whose_it_is_what_it_does_and_how_long_it_may_take(bag):
    """Owner, docs, retries with backoff, a time-out below the run's, and a callback for failures."""
    for dag in bag.dags.values():
        assert dag.doc_md
        assert dag.tags
        for task in dag.tasks:
            assert task.owner == "payloom"
            assert task.doc_md
            assert task.retries >= 2
            assert task.retry_exponential_backoff
            assert timedelta(0) < task.execution_timeout < dag.dagrun_timeout
            assert task.on_failure_callback


def test_only_the_upload_tells_of_new_payments_and_only_training_waits_for_them(bag):
    """The asset is an outlet of upload_to_s3 alone, and part of the schedule of train_baseline alone."""
    outlets = {
        (dag.dag_id, task.task_id, asset.name)
        for dag in bag.dags.values()
        for task in dag.tasks
        for asset in task.outlets
    }
    assert outlets == {("generate_payments", "upload_to_s3", "payloom_payments")}
    waits = {name for name, dag in bag.dags.items() if "asset" in type(dag.timetable).__name__.lower()}
    assert waits == {"train_baseline"}


def test_parsing_imports_nothing_heavy_and_takes_little_cpu(new_airflow, tmp_path, capsys):
    """All DAGs parse without a library of payloom, of AWS or of MLflow, in less than a second of CPU."""
    airflow: Airflow = new_airflow()
    (tmp_path / "first.py").write_text("from airflow.sdk import DAG\n\nDAG('first', schedule=None)\n")
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(DAGS), str(tmp_path)],
        env=airflow.environment(),
        cwd=airflow.home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines() if line.startswith(("MODULES", "SECONDS")))
    imported = {name.partition(".")[0] for name in told["MODULES"].split()}
    with capsys.disabled():
        print(f" [parsing took {float(told['SECONDS']):.2f} s of CPU, {len(told['MODULES'].split())} modules]", end="")
    assert imported.isdisjoint(HEAVY)
    assert "payloom_task" in imported
    assert float(told["SECONDS"]) < 1.0
