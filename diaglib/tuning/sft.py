"""Supervised fine-tuning of any causal language model on prompts and answers. Notebook 03 and `diaglib tune sft`.

Rules: the loss is on the answer and its end mark; a run in a folder that holds its checkpoints goes on from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from diaglib.tuning.encoded import Collator, encode_rows
from diaglib.tuning.loading import load_base
from diaglib.tuning.memory_advice import smallest_change
from diaglib.tuning.quiet import quiet_libraries
from diaglib.tuning.rows import Row
from diaglib.tuning.run import Tuned, claim, run_key, train, trainer_arguments
from diaglib.tuning.saving import save_tuned
from diaglib.tuning.settings import TuningSettings


def sft(
    base: str,
    training: Sequence[Row],
    validation: Sequence[Row],
    folder: Path,
    settings: TuningSettings,
    adapter: str | Path | None = None,
    live: bool = False,
    replace: bool = False,
) -> Tuned:
    """Tunes `base` (`tiny`, a folder or a hub id) and leaves model, adapter, card and record in `folder`.

    A finished run of the same rows and settings is returned as it is; an interrupted one goes on. Without validation rows
    there is no early stopping and the last weights are kept. `live` draws the losses in a notebook. A folder that holds
    another run is refused, or with `replace` that run is moved aside.
    Raises TuningError naming what is wrong, and what is safe.
    """
    with quiet_libraries():
        from trl import SFTConfig

        from diaglib.tuning.trainers import AnswerTrainer

    folder = Path(folder)
    key = run_key("sft", base, (training, validation), settings, adapter=str(adapter) if adapter else None)
    if (done := claim(folder, key, replace)) is not None:
        return done
    loaded = load_base(base, settings, adapter)
    encoded = encode_rows(training, loaded.writer, settings.max_tokens)
    watched = encode_rows(validation, loaded.writer, settings.max_tokens) if validation else None
    trainer = AnswerTrainer(
        model=loaded.model,
        args=SFTConfig(
            **trainer_arguments(loaded, settings, folder, bool(watched)), dataset_kwargs={"skip_prepare_dataset": True}
        ),
        train_dataset=encoded.rows,
        eval_dataset=watched.rows if watched else None,
        processing_class=loaded.writer.tokenizer,
        data_collator=Collator(loaded.writer.tokenizer.pad_token_id),
    )
    advice = partial(smallest_change, loaded.model.config, settings, loaded.precision, "sft")
    record = train(trainer, loaded, settings, folder, f"SFT of {loaded.title}", live, advice)
    record["rows"] = {
        "training": len(encoded.rows),
        "validation": len(watched.rows) if watched else 0,
        "answer_tokens": encoded.answer_tokens,
        "told": encoded.told,
    }
    return save_tuned(trainer, loaded, folder, record)
