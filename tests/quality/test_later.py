"""A slow module is imported when it is used, and is the module itself for everybody else."""

from __future__ import annotations

import subprocess
import sys

import pytest

STAND_IN = """
import sys
from payloom.quality.later import imported_when_used
with imported_when_used("scipy", "stats"):
    from scipy import stats
assert "scipy.stats" not in sys.modules
assert stats.norm.cdf(0.0) == 0.5
import scipy.stats
assert scipy.stats is sys.modules["scipy.stats"]
with imported_when_used("scipy", "stats"):
    from scipy import stats as again
assert again is scipy.stats
"""

MEANWHILE = """
import sys
from payloom.quality.later import imported_when_used
with imported_when_used("scipy", "stats"):
    import scipy.stats
assert scipy.stats is sys.modules["scipy.stats"]
"""

LIBRARY = """
import sys
from payloom.quality.suite import load_library
gx = load_library()
assert "scipy.stats" not in sys.modules, "Great Expectations imports scipy.stats in another way"
from scipy import stats
from great_expectations.expectations.core import expect_column_kl_divergence_to_be_less_than as module
assert module.stats.entropy([0.5, 0.5], [0.25, 0.75]) == stats.entropy([0.5, 0.5], [0.25, 0.75])
"""


@pytest.mark.parametrize("script", [STAND_IN, MEANWHILE, LIBRARY], ids=["stand-in", "meanwhile", "library"])
def test_it_is_the_module_when_it_is_used(script: str) -> None:
    """What was imported early works as the module, and whoever imports it later gets the module itself."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
