"""Keeps what libraries say about themselves out of reports: bars of loading weights, hints to install optional kernels.

Used by `run`, `loading` and `saving`. Rule: errors stay; only what has no bearing on the result is hidden, and why is said here.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """For its duration transformers and bitsandbytes tell errors alone.

    transformers warns that a best checkpoint lacks `lm_head.weight` where the head shares the embedding, bitsandbytes that an
    optional kernel for 4-bit weights on a CPU is not installed, TRL that ORPO may change (its version is pinned); PEFT and TRL
    ask a model for `is_gradient_checkpointing`, the old name of a property that transformers renamed.
    """
    kernels = logging.getLogger("bitsandbytes")
    level = kernels.level
    kernels.setLevel(logging.ERROR)
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    from transformers.utils import logging as transformers_logging

    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()
        kernels.setLevel(level)
