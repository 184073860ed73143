"""Typologies are found where they lie: in this package, and in others by entry point."""

import subprocess
import sys
from pathlib import Path

from payloom.fraud.registry import shipped

PLUGIN = '''
import numpy as np
from payloom.fraud.typology import Typology


class GiftCards(Typology):
    """Buys at noon, one card after the other."""

    name = "gift_cards"
    mean_size = 4.0
    max_days = 2

    def activity(self, campaign_bits, age):
        return np.where(age < 2, 1.0, 0.0)

    def times(self, events, offset_us):
        return self.kit.local_times(events, np.full(len(events), 12.0), offset_us)

    def victim(self, events):
        return events.number
'''

USE = """
from payloom import World
mix = {"gift_cards": 0.5, "card_testing": 0.5}
world = World({"world": {"rows": 2_000, "fraud_rate": "0.05"}, "fraud": {"mix": mix}})
print(world.payments()["is_fraud"].sum(), sorted(world.fraud_labels()["typology"].unique()))
"""


def test_every_module_of_a_typology_is_found() -> None:
    """A typology is one file: whoever lies beside the others is there, with the name of its file."""
    folder = Path(sys.modules["payloom.fraud.registry"].__file__ or "").with_name("typologies")
    assert set(shipped()) == {path.stem for path in folder.glob("*.py")} - {"__init__"}


def test_a_package_adds_a_typology_by_entry_point(tmp_path: Path) -> None:
    """Another package's typology has its share of the fraud, and its name in the labels."""
    (tmp_path / "gift_cards.py").write_text(PLUGIN)
    metadata = tmp_path / "gift_cards-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: gift-cards\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[payloom.typologies]\ngift_cards = gift_cards:GiftCards\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{USE}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["100", "['card_testing',", "'gift_cards']"]
