"""Fine-tuning of any causal language model, the embedded ones included: SFT, then preference tuning by ORPO or DPO.

Used by notebooks 03 and 04 and by `diaglib tune`, on TRL, PEFT, bitsandbytes and accelerate.
"""

from diaglib.tuning.errors import TuningError
from diaglib.tuning.rows import Row, read_rows
from diaglib.tuning.settings import TuningSettings, settings_for

__all__ = ["Row", "TuningError", "TuningSettings", "read_rows", "settings_for"]
