"""What the DAGs share: an operator that runs one command of payloom, and the places it works on."""

from payloom_task.defaults import DEFAULTS, FIRST_DAY, PAYMENTS
from payloom_task.names import CronDataIntervalTimetable
from payloom_task.operator import PayloomOperator
from payloom_task.run import Run
from payloom_task.staging import ClearStagingOperator

__all__ = [
    "DEFAULTS",
    "FIRST_DAY",
    "PAYMENTS",
    "ClearStagingOperator",
    "CronDataIntervalTimetable",
    "PayloomOperator",
    "Run",
]
