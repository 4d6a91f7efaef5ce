"""What the store said it keeps is there after its writers were killed. Two hundred kills: benchmarks/memory_kills.py."""

import runpy
from pathlib import Path

KILLS = Path(__file__).parents[2] / "benchmarks" / "memory_kills.py"


def test_no_acknowledged_item_is_lost_and_no_file_is_corrupt_after_kills_while_writing(tmp_path) -> None:
    report = runpy.run_path(str(KILLS))["kill_while_writing"](6, tmp_path)
    assert report["acknowledged"] >= 6
    assert (report["lost"], report["torn"], report["keys_with_two_values"], report["corrupt"]) == (0, 0, 0, 0)
