"""Models that want to run something: each way in which a folder of MLflow can make a careless reader do so."""

import pickle
import shutil
from pathlib import Path

import yaml


class Canary:
    """Makes a file when its pickle is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def plant(good: Path, folder: Path, canary: Canary, how: str) -> Path:
    """Copy a good model and plant something in it."""
    shutil.copytree(good, folder)
    bomb = pickle.dumps(canary)
    told = yaml.safe_load((folder / "MLmodel").read_text("utf-8"))
    if how == "pickle_beside":
        (folder / "model.pkl").write_bytes(bomb)
    elif how == "pickle_only":
        shutil.rmtree(folder / "scorer")
        (folder / "model.lgb").unlink()
        (folder / "python_model.pkl").write_bytes(bomb)
        told["flavors"] = {
            "python_function": {
                "loader_module": "mlflow.pyfunc.model",
                "python_model": "python_model.pkl",
                "cloudpickle_version": "3.1.1",
            }
        }
    elif how == "pickle_among_the_scorer":
        (folder / "scorer" / "model.pkl").write_bytes(bomb)
    elif how == "pickle_as_scorer":
        (folder / "scorer" / "model.txt").write_bytes(bomb)
    elif how == "pickle_as_native":
        (folder / "model.lgb").write_bytes(bomb)
        told["flavors"]["lightgbm"]["serialization_format"] = "cloudpickle"
    elif how == "loader_module":
        told["flavors"]["python_function"]["loader_module"] = "planted_loader"
    elif how == "code_folder":
        (folder / "code").mkdir()
        (folder / "code" / "planted_loader.py").write_text("raise SystemExit('run')", "utf-8")
        told["flavors"]["python_function"]["code"] = "code"
    (folder / "MLmodel").write_text(yaml.safe_dump(told), "utf-8")
    return folder


WAYS = (
    "pickle_beside",
    "pickle_only",
    "pickle_among_the_scorer",
    "pickle_as_scorer",
    "pickle_as_native",
    "loader_module",
    "code_folder",
)
