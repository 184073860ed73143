"""A real MLflow server process: started by the script, logged to, killed while it is logged to, and raced on."""

import http.server
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("skops")

from payloom.baseline.models import BOOSTING, KINDS
from payloom.baseline.train import Difference
from payloom.errors import CorruptionError, StorageError, TransientError
from payloom.tracking import address
from payloom.tracking.load import load_scorer
from payloom.tracking.runs import log_results
from payloom.tracking.session import session
from scripts import mlflow_server
from scripts.local_server import free_ports, is_in_folder, members
from scripts.mlflow_server import Server
from tests.tracking import made
from tests.tracking.planted import Canary, plant
from tests.tracking.quiet import mlflow

pytestmark = pytest.mark.integration

BETTER = Difference(0.05, 0.01, 0.09)
WORSE = Difference(-0.05, -0.09, -0.01)
ROOT = Path(__file__).resolve().parents[2]

TRAINING = """
import sys
from pathlib import Path
from payloom.baseline.train import Difference
from payloom.tracking.runs import log_results
folder, uri, ap = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
def compare(champion):
    more = ap - champion.settings["ap"]
    return Difference(more, more - 0.001, more + 0.001)
print(log_results(folder, uri, register="both", compare=compare).promotion)
"""


def start(home: Path) -> Server:
    """Start a server on a port that is free; one that has listened before keeps its port."""
    port = [] if (home / "port").exists() else [f"--port={free_ports(['http'])['http']}"]
    assert mlflow_server.main(["start", *port], home) == 0
    return Server(home)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    """Give a server that all tests here share; a test may kill it and start it again."""
    home = tmp_path_factory.mktemp("with space") / ".mlflow"
    yield start(home)
    mlflow_server.main(["stop"], home)


def test_life_of_a_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Start, start again, a port that is taken, a kill that leaves a worker behind, stop; one line for each."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = mlflow_server.main([*arguments], home)
        return code, *capsys.readouterr()

    home = tmp_path / ".mlflow"
    with socket.create_server(("127.0.0.1", 0)) as other:
        code, out, err = run("start", f"--port={other.getsockname()[1]}")
    assert (code, out) == (1, "")
    assert re.fullmatch(r"error: port \d+ is taken by another program; choose another: .*\n", err)
    code, out, _ = run("start", f"--port={free_ports(['http'])['http']}")
    assert code == 0
    group = int((home / "pid").read_text("ascii"))
    try:
        [url] = set(re.findall(r"http://127\.0\.0\.1:\d+", out))
        assert f"MLFLOW_TRACKING_URI={url}\n" in (home / "env").read_text("utf-8")
        assert run("start")[1].startswith(f"The MLflow server runs already: {url}")
        assert run("status")[:2] == (0, f"The MLflow server runs: {url}\n")
        os.kill(group, signal.SIGKILL)
        assert reaped(group)
        assert run("status")[0] == 1
        assert [pid for pid in members(group) if is_in_folder(pid, home)], "the worker outlives its parent"
        assert "had died" in run("stop")[1]
        assert reaped_group(group)
        assert run("stop")[:2] == (0, "The MLflow server does not run\n")
    finally:
        if members(group):
            os.killpg(group, signal.SIGKILL)


def reaped(pid: int) -> bool:
    """Wait for the end of a process that may be this one's child."""
    for _ in range(200):
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return True
        except ChildProcessError:
            if not Path(f"/proc/{pid}").exists():
                return True
        time.sleep(0.05)
    return False


def reaped_group(group: int) -> bool:
    """Wait until nobody of a group is alive; the dead may wait for a parent that does not ask."""
    for _ in range(200):
        alive = [pid for pid in members(group) if " Z " not in state(pid)]
        if not alive:
            return True
        time.sleep(0.05)
    return False


def state(pid: int) -> str:
    """What the system says of a process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2][:3]
    except OSError:
        return " Z "


def test_the_whole_path(server: Server, tmp_path: Path):
    """Runs, metrics, data set, signature, example and aliases over HTTP; the champion changes only for a better one."""
    uri = server.endpoint
    first = log_results(made.write(tmp_path / "a", 0.6).folder, uri, register="fraud")
    assert first.promotion is not None
    assert (first.promotion.promoted, first.promotion.champion) == (True, 1)
    worse = log_results(made.write(tmp_path / "b", 0.5).folder, uri, register="fraud", compare=lambda _: WORSE)
    assert worse.promotion is not None
    assert (worse.promotion.promoted, worse.promotion.champion) == (False, 1)
    better = log_results(made.write(tmp_path / "c", 0.7).folder, uri, register="fraud", compare=lambda _: BETTER)
    assert better.promotion is not None
    assert (better.promotion.promoted, better.promotion.champion) == (True, 3)
    with session(uri) as client:
        run = client.get_run(first.model_runs[BOOSTING])
        assert run.data.tags["mlflow.parentRunId"] == first.run_id
        assert run.data.metrics["test_ap"] == pytest.approx(0.6)
        assert [one.step for one in client.get_metric_history(run.info.run_id, "ageing/frozen_auc")] == [1, 2]
        assert run.inputs is not None
        assert run.outputs is not None
        assert [one.dataset.digest for one in run.inputs.dataset_inputs] == [made.DIGEST[:36]]
        assert {one.path for one in client.list_artifacts(first.run_id)} >= {"config.toml", "pages"}
        told = mlflow.models.get_model_info(f"models:/{run.outputs.model_outputs[0].model_id}")
        assert told.signature.inputs.input_names() == ["amount_usd", "payments_24h", "channel"]
        assert told.saved_input_example_info["artifact_path"] == "input_example.json"
        assert client.get_registered_model("fraud").aliases == {"challenger": "3", "champion": "3"}
    frame = made.features()
    for model in ("models:/fraud@champion", "models:/fraud/1"):
        np.testing.assert_array_equal(load_scorer(model, uri).score(frame), made.scorers()[BOOSTING].score(frame))
    for kind in KINDS:
        assert load_scorer(f"runs:/{first.model_runs[kind]}", uri).kind == kind


def test_killed_while_it_is_logged_to(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Exit code 6 soon, the folder stays; logged again from there, it is one training and one version."""
    results = made.write(tmp_path / "a", 0.61)
    real = mlflow.MlflowClient.log_model_artifacts
    calls = []

    def kill_first(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            os.killpg(int((server.home / "pid").read_text("ascii")), signal.SIGKILL)
        return real(*args, **kwargs)

    monkeypatch.setattr(mlflow.MlflowClient, "log_model_artifacts", kill_first)
    begin = time.monotonic()
    with pytest.raises(TransientError) as caught:
        log_results(results.folder, server.endpoint, register="killed")
    assert time.monotonic() - begin < 60
    assert (caught.value.exit_code, "\n" in str(caught.value)) == (6, False)
    assert str(results.folder) in caught.value.hint
    with pytest.raises(TransientError):
        log_results(results.folder, server.endpoint, register="killed")
    start(server.home)
    logged = log_results(results.folder, server.endpoint, register="killed")
    assert logged.is_new
    assert not log_results(results.folder, server.endpoint, register="killed").is_new
    with session(server.endpoint) as client:
        found = client.search_runs([logged.experiment_id], f"tags.`payloom.results_digest` = '{results.digest}'")
        assert {run.info.run_id for run in found} == {logged.run_id, *logged.model_runs.values()}
        assert {run.info.status for run in found} == {"FINISHED"}
        assert len(client.search_model_versions("name='killed'")) == 1


def test_two_trainings_at_once(server: Server, tmp_path: Path, count):
    """Each is a run and a version, the newest is the challenger, and the champion is one of the two that says so."""
    for attempt in range(count(1, 5)):
        better = made.write(tmp_path / f"{attempt}-better", 0.7 + attempt / 100, (BOOSTING,), ap_in_settings=True)
        worse = made.write(tmp_path / f"{attempt}-worse", 0.2 + attempt / 100, (BOOSTING,), ap_in_settings=True)
        both = [
            subprocess.Popen(
                [sys.executable, "-c", TRAINING, results.folder, server.endpoint, str(ap)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for results, ap in ((better, 0.7 + attempt / 100), (worse, 0.2 + attempt / 100))
        ]
        told = [process.communicate(timeout=300) for process in both]
        assert [process.returncode for process in both] == [0, 0], told
        with session(server.endpoint) as client:
            versions = client.search_model_versions("name='both'")
            assert len(versions) == 2 * (attempt + 1)
            aliases = client.get_registered_model("both").aliases
            assert int(aliases["challenger"]) == 2 * (attempt + 1)
            for version in versions:
                assert version.tags["payloom.promotion"]
            champion = client.get_model_version("both", aliases["champion"])
            assert champion.tags["payloom.promotion"].startswith(("there was no champion", "better than"))


@pytest.mark.parametrize("how", ["pickle_only", "loader_module"])
def test_a_planted_pickle_does_not_run(server: Server, tmp_path: Path, how: str):
    """A planted model is refused in one line and runs nothing, though MLflow's own loader would have run it."""
    canary = Canary(tmp_path / "canary")
    with session(server.endpoint) as client:
        log_results(made.write(tmp_path / "a", 0.62, (BOOSTING,)).folder, server.endpoint, register="good")
        good = mlflow.artifacts.download_artifacts(client.get_model_version_download_uri("good", "1"))
        folder = plant(Path(good), tmp_path / "model", canary, how)
        run = client.create_run("0")
        client.log_artifacts(run.info.run_id, str(folder), "model")
        client.create_registered_model(how)
        client.create_model_version(how, source=f"{run.info.artifact_uri}/model", run_id=run.info.run_id)
        client.set_registered_model_alias(how, "champion", "1")
    for model in (f"models:/{how}@champion", f"models:/{how}/1"):
        with pytest.raises(CorruptionError) as caught:
            load_scorer(model, server.endpoint)
        assert "\n" not in str(caught.value)
    assert not canary.path.exists()
    (tmp_path / "planted_loader.py").write_text(f"open({str(canary.path)!r}, 'w').close()\n", "utf-8")
    code = f"import mlflow; mlflow.set_tracking_uri({server.endpoint!r}); mlflow.pyfunc.load_model('models:/{how}/1')"
    subprocess.run([sys.executable, "-c", code], check=False, cwd=tmp_path, capture_output=True)
    assert canary.path.exists(), "MLflow's own loader has to run it for this test to mean something"


class Broken(http.server.BaseHTTPRequestHandler):
    """Is healthy, and answers everything else with the status of its server."""

    def answer(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200 if self.path == "/health" else self.server.status)  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(b"<html>no</html>")

    do_GET = do_POST = answer  # noqa: N815 - the names are the library's

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, StorageError), (403, StorageError), (401, StorageError), (200, StorageError), (503, TransientError)],
)
def test_servers_of_other_kinds(tmp_path: Path, status: int, kind: type[Exception]):
    """A wrong server, one that refuses and one that fails all the time: the right exit code within seconds."""
    results = made.write(tmp_path / "a", 0.6, (BOOSTING,))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken) as broken:
        broken.status = status  # type: ignore[attr-defined]
        thread = threading.Thread(target=broken.serve_forever)
        thread.start()
        begin = time.monotonic()
        try:
            with pytest.raises(kind) as caught:
                log_results(results.folder, f"http://127.0.0.1:{broken.server_port}", register="x")
        finally:
            broken.shutdown()
            thread.join()
    assert time.monotonic() - begin < 30
    assert "\n" not in str(caught.value)


def test_a_server_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A server that takes connections and never answers is given up."""
    monkeypatch.setattr(address, "_HEALTH_SECONDS", 1.0)
    results = made.write(tmp_path / "a", 0.6, (BOOSTING,))
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TransientError, match="no answer in time"):
        log_results(results.folder, f"http://127.0.0.1:{silent.getsockname()[1]}")
