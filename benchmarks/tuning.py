"""Answer tokens a second of our SFT against TRL's defaults: same model, rows, steps, learning rate and machine.

Prints a table and ends with one JSON line. Seconds are of the process (all its threads), so that other work on the machine counts
for neither side; the wall's are printed beside them. usage: python benchmarks/tuning.py [steps]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BATCH_ROWS, LEARNING_RATE, HELD_OUT = 8, 1e-4, 64


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """The result of a call, its process seconds and its wall seconds."""
    wall, process = time.perf_counter(), time.process_time()
    result = work()
    return result, time.process_time() - process, time.perf_counter() - wall


def trl_defaults(folder: Path, writer: Any, rows: list, steps: int) -> tuple[Any, float, float]:
    """TRL's SFTTrainer as its documentation starts, but for batch, steps and learning rate, which both sides share."""
    import datasets
    import torch
    from transformers import LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer

    from diaglib.llm.tiny import TINY_FOLDER

    tokens = writer.tokenizer.convert_ids_to_tokens
    texts = []
    for row in rows:
        prompt, answer = writer.encode(row.prompt, row.answer)
        texts.append({"prompt": " ".join(tokens(prompt)), "completion": " " + " ".join(tokens(answer))})
    settings = SFTConfig(
        output_dir=str(folder), max_steps=steps, per_device_train_batch_size=BATCH_ROWS, learning_rate=LEARNING_RATE,
        lr_scheduler_type="cosine", warmup_steps=2, save_strategy="no", report_to="none", disable_tqdm=True,
        dataloader_pin_memory=False, use_cpu=not torch.cuda.is_available(),
    )  # fmt: skip
    model = LlamaForCausalLM.from_pretrained(TINY_FOLDER, dtype=torch.float32)
    trainer = SFTTrainer(
        model=model, args=settings, train_dataset=datasets.Dataset.from_list(texts), processing_class=writer.tokenizer
    )
    _, process_s, wall_s = timed(trainer.train)
    return trainer.model, process_s, wall_s


def ours(folder: Path, base: Any, rows: list, steps: int) -> tuple[Any, float, float]:
    """Our trainer, with what `sft` gives it; like the other side it writes no checkpoints."""
    from trl import SFTConfig

    from diaglib.tuning.checkpoints import CheckpointFolder
    from diaglib.tuning.encoded import Collator, encode_rows
    from diaglib.tuning.run import trainer_arguments
    from diaglib.tuning.settings import TuningSettings
    from diaglib.tuning.trainers import AnswerTrainer

    settings = TuningSettings(
        method="full", steps=steps, batch_rows=BATCH_ROWS, learning_rate=LEARNING_RATE, warm_up_steps=2,
        activation_checkpointing=False, max_tokens=2048,
    )  # fmt: skip
    arguments = trainer_arguments(base, settings, folder, False) | {"save_strategy": "no"}
    trainer = AnswerTrainer(
        model=base.model,
        args=SFTConfig(**arguments, dataset_kwargs={"skip_prepare_dataset": True}),
        train_dataset=encode_rows(rows, base.writer, settings.max_tokens).rows,
        processing_class=base.writer.tokenizer,
        data_collator=Collator(base.writer.tokenizer.pad_token_id),
    )
    trainer.checkpoint_folder = CheckpointFolder(folder)
    _, process_s, wall_s = timed(trainer.train)
    return trainer.model, process_s, wall_s


def loss_of(model: Any, base: Any, rows: list) -> float:
    """Mean negative log-likelihood of an answer token, the same for both."""
    import torch

    from diaglib.tuning.encoded import Collator, encode_rows
    from diaglib.tuning.trainers import answer_log_probabilities, answer_logits

    encoded = encode_rows(rows, base.writer, 2048).rows
    collate, total, count = Collator(base.writer.tokenizer.pad_token_id), 0.0, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(encoded), BATCH_ROWS):
            batch = collate([encoded[i] for i in range(start, min(start + BATCH_ROWS, len(encoded)))])
            logits, targets = answer_logits(model, batch["input_ids"], batch["labels"])
            total -= float(answer_log_probabilities(logits, targets).sum())
            count += int((targets >= 0).sum())
    return total / count


def main() -> None:
    from diaglib.dataset import rows as generated
    from diaglib.tuning import TuningSettings, read_rows
    from diaglib.tuning.loading import load_base
    from diaglib.tuning.quiet import quiet_libraries

    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    rows, held_out = read_rows(generated(41, steps * BATCH_ROWS)), read_rows(generated(42, HELD_OUT))
    with quiet_libraries():
        base = load_base("tiny", TuningSettings(method="full", activation_checkpointing=False))
        usable = [row for row in rows if base.writer.encode(row.prompt, row.answer)]
        tokens = sum(len(base.writer.encode(row.prompt, row.answer)[1]) for row in usable)
        figures: dict[str, float] = {"steps": steps, "rows": len(usable), "answer_tokens": tokens}
        figures["loss_before"] = loss_of(base.model, base, held_out)
        with tempfile.TemporaryDirectory() as place:
            for name, made in (
                ("trl_defaults", lambda: trl_defaults(Path(place, "trl"), base.writer, usable, len(usable) // BATCH_ROWS)),
                ("ours", lambda: ours(Path(place, "ours"), base, usable, len(usable) // BATCH_ROWS)),
            ):
                model, process_s, wall_s = made()
                figures[f"{name}_tokens_per_process_s"] = tokens / process_s
                figures[f"{name}_tokens_per_wall_s"] = tokens / wall_s
                figures[f"{name}_loss_after"] = loss_of(model, base, held_out)
    figures["times_faster"] = figures["ours_tokens_per_process_s"] / figures["trl_defaults_tokens_per_process_s"]
    for name, value in figures.items():
        print(f"{name:38s} {value:12.4f}")
    print(json.dumps({"benchmark": "tuning", **{name: round(value, 5) for name, value in figures.items()}}))


if __name__ == "__main__":
    main()
