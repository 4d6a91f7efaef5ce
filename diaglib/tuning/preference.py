"""Preference tuning: the target against the model's own imperfect answer, by ORPO, or by DPO where its reference fits.

Notebook 04, `diaglib tune orpo` and `tune dpo`. Rule: the same resuming, checks and record as supervised fine-tuning.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.tuning.encoded import Collator, as_features
from diaglib.tuning.errors import TuningError
from diaglib.tuning.loading import Base, load_base
from diaglib.tuning.memory_advice import Kind, require_fit, smallest_change
from diaglib.tuning.pairs import Pair
from diaglib.tuning.quiet import quiet_libraries
from diaglib.tuning.rows import Row
from diaglib.tuning.run import Tuned, claim, run_key, train, trainer_arguments
from diaglib.tuning.saving import save_tuned
from diaglib.tuning.settings import TuningSettings
from diaglib.tuning.writers import TinyWriter, Writer

if TYPE_CHECKING:
    import datasets

METHODS = ("orpo", "dpo")
REFERENCE_ADAPTER = "ref"  # TRL's name for the frozen copy of an adapter that goes on being trained


def prefer(
    method: Kind,
    base: str,
    training: Sequence[Pair],
    validation: Sequence[Pair],
    folder: Path,
    settings: TuningSettings,
    adapter: str | Path | None = None,
    live: bool = False,
    replace: bool = False,
) -> Tuned:
    """Tunes `base` on pairs by the method of that name; `orpo` and `dpo` are the same, each with its name filled in.

    ORPO needs no reference model, so it takes little more memory than SFT with twice the rows. DPO holds the model as it was at
    the start beside it: where an adapter is trained that costs a copy of it, where all weights are a second model.
    Arguments, results and errors are those of `sft`. Raises TuningError for another method, and before anything is trained
    where the reference of DPO does not fit by prediction, naming what does.
    """
    if method not in METHODS:
        raise TuningError("rows", f"there is no preference method '{method}'; known: {', '.join(METHODS)}")
    folder = Path(folder)
    parts = [[Row(pair.prompt, f"{pair.chosen}\0{pair.rejected}") for pair in part] for part in (training, validation)]
    key = run_key(method, base, parts, settings, adapter=str(adapter) if adapter else None)
    if (done := claim(folder, key, replace)) is not None:
        return done
    loaded = load_base(base, settings, adapter)
    if method == "dpo":
        require_fit(loaded.model.config, settings, loaded.precision, "dpo")
    rows, told = encode_pairs(training, loaded.writer, settings.max_tokens)
    watched, _ = encode_pairs(validation, loaded.writer, settings.max_tokens) if validation else (None, "")
    make = _orpo_trainer if method == "orpo" else _dpo_trainer
    trainer = make(loaded, settings, trainer_arguments(loaded, settings, folder, watched is not None), rows, watched)
    advice = partial(smallest_change, loaded.model.config, settings, loaded.precision, method)
    record = train(trainer, loaded, settings, folder, f"{method.upper()} of {loaded.title}", live, advice)
    if REFERENCE_ADAPTER in getattr(trainer.model, "peft_config", {}):
        trainer.model.delete_adapter(REFERENCE_ADAPTER)  # so that the trained one is saved alone
    history = trainer.state.log_history
    record["preferred"] = [(entry["step"], entry["rewards/accuracies"]) for entry in history if "rewards/accuracies" in entry]
    record["likelihoods"] = [
        (entry["step"], entry["logps/chosen"], entry["logps/rejected"]) for entry in history if "logps/chosen" in entry
    ]
    record["rows"] = {"training": len(rows), "validation": len(watched) if watched is not None else 0, "told": told}
    return save_tuned(trainer, loaded, folder, record)


orpo = partial(prefer, "orpo")
dpo = partial(prefer, "dpo")


def _orpo_trainer(loaded: Base, settings: TuningSettings, arguments: dict[str, Any], rows: Any, watched: Any) -> Any:
    with quiet_libraries():
        from trl.experimental.orpo import ORPOConfig

        from diaglib.tuning.pair_trainer import PairTrainer

    trainer = PairTrainer(
        model=loaded.model,
        args=ORPOConfig(**arguments | {"max_length": settings.max_tokens}, beta=settings.preference_weight),
        train_dataset=rows,
        eval_dataset=watched,
        processing_class=loaded.writer.tokenizer,
        data_collator=Collator(loaded.writer.tokenizer.pad_token_id),
    )
    trainer.use_dpo_data_collator = True  # ours makes the same names, so that validation rows can be looked at
    return trainer


def _dpo_trainer(loaded: Base, settings: TuningSettings, arguments: dict[str, Any], rows: Any, watched: Any) -> Any:
    with quiet_libraries():
        from trl import DPOConfig

        from diaglib.tuning.pair_trainer import ReferenceTrainer

    return ReferenceTrainer(
        model=loaded.model,
        ref_model=copy.deepcopy(loaded.model) if settings.method == "full" else None,
        args=DPOConfig(**arguments, beta=settings.preference_weight),
        train_dataset=rows,
        eval_dataset=watched,
        processing_class=loaded.writer.tokenizer,
        data_collator=Collator(loaded.writer.tokenizer.pad_token_id),
    )


def encode_pairs(pairs: Sequence[Pair], writer: Writer, max_tokens: int) -> tuple[datasets.Dataset, str]:
    """Ids of both answers of every pair, and what was left out in words. Raises TuningError where no pair is left."""
    import datasets

    kept: list[dict[str, Any]] = []
    too_long = not_writable = 0
    for number, pair in enumerate(pairs):
        chosen = writer.encode(pair.prompt, pair.chosen)
        if pair.tokens and isinstance(writer, TinyWriter):
            rejected = writer.encode_tokens(pair.prompt, pair.tokens)
        else:
            rejected = writer.encode(pair.prompt, pair.rejected)
        if chosen is None or rejected is None:
            not_writable += 1
            continue
        if max(len(ids[0]) + len(ids[1]) for ids in (chosen, rejected)) > max_tokens:
            too_long += 1
            continue
        features: dict[str, Any] = {"row": number, "length": 0}
        for name, ids in (("chosen", chosen), ("rejected", rejected)):
            one = as_features(*ids)
            features["length"] = max(features["length"], one.pop("length"))
            features |= {f"{name}_{key}": value for key, value in one.items()}
        kept.append(features)
    told = f"{too_long} pairs too long, {not_writable} that this model cannot write" if too_long + not_writable else ""
    if not kept:
        raise TuningError("rows", f"none of {len(pairs)} pairs can be used: {told or 'there are none'}")
    return datasets.Dataset.from_list(kept), told
