"""Runs a DAG of a folder with `dag.test()` for one logical date after the other ("none": without one)."""

import sys
from datetime import datetime

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag

folder, dag_id, *logical_dates = sys.argv[1:]
# As Airflow's processes do with the folder of a bundle.
sys.path.append(folder)
bag = DagBag(folder)
for file, error in bag.import_errors.items():
    print(f"IMPORT ERROR {file}: {error}", flush=True)
for text in logical_dates:
    bag.dags[dag_id].test(logical_date=None if text == "none" else datetime.fromisoformat(text))
