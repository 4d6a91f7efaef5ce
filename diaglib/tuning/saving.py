"""What a run leaves: the adapter, the merged model in safetensors with a model card, and perhaps a copy on the hub.

Used by notebooks 03 and 04. Rules: every number of the card comes from the record; an access token comes from the environment
and is written nowhere.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from diaglib.files import write_whole
from diaglib.tuning.errors import TuningError
from diaglib.tuning.loading import Base, loaded_again
from diaglib.tuning.processes import is_first, is_sharded, wait_for_all
from diaglib.tuning.quiet import quiet_libraries
from diaglib.tuning.run import RESULT, Tuned

TOKEN_VARIABLE = "HF_TOKEN"


def save_tuned(trainer: Any, base: Base, folder: Path, record: dict[str, Any]) -> Tuned:
    """Writes `adapter/` (where there is one), the merged `model/`, its card, and last `result.json`.

    Of several processes the first writes; weights that were spread over them are brought together for it.
    """
    with quiet_libraries():
        spread = is_sharded(trainer.model)
        state = trainer.accelerator.get_state_dict(trainer.model_wrapped) if spread else None
        if is_first():
            _write(trainer.model, base, folder, record, state)
    wait_for_all()
    adapter = folder / "adapter"
    return Tuned(folder, folder / "model", adapter if adapter.is_dir() else None, record)


def _write(model: Any, base: Base, folder: Path, record: dict[str, Any], state: dict[str, Any] | None) -> None:
    """`state` holds the weights where `model` does not, being spread."""
    model_folder, adapter_folder = folder / "model", folder / "adapter"
    shutil.rmtree(model_folder, ignore_errors=True)
    model_folder.mkdir(parents=True)
    has_adapter = hasattr(model, "peft_config")
    if has_adapter:
        for config in model.peft_config.values():
            config.base_model_name_or_path = base.name
        model.save_pretrained(adapter_folder, state_dict=state)
        (adapter_folder / "README.md").write_text(model_card(record, is_adapter=True), encoding="utf-8")
        base.writer.save(adapter_folder)
        model = merged(model, base, adapter_folder)
    elif state is not None:
        model = loaded_again(base)
        model.load_state_dict(state)
    model.config.use_cache = True
    (model.half() if base.embedded else model).save_pretrained(model_folder)
    base.writer.save(model_folder)
    (model_folder / "README.md").write_text(model_card(record), encoding="utf-8")
    write_whole(folder / RESULT, json.dumps(record, indent=2).encode())


def merged(model: Any, base: Base, adapter_folder: Path) -> Any:
    """The adapter's changes added to the base's weights; a base in 4 bits is loaded again in half precision for it, since
    what is added to 4-bit weights is rounded away, and so is one that is spread over processes."""
    if not getattr(model, "is_loaded_in_4bit", False) and not is_sharded(model):
        return model.merge_and_unload()
    from peft import PeftModel

    return PeftModel.from_pretrained(loaded_again(base), str(adapter_folder)).merge_and_unload()


def model_card(record: dict[str, Any], is_adapter: bool = False) -> str:
    """A Markdown card of a tuned model, all from its record."""
    settings, rows = record["settings"], record["rows"]
    loss = record["best_validation_loss"]
    lines = [
        *(["---", f"base_model: {record['base']}", "library_name: peft", "---"] if is_adapter else []),
        f"# {record['base']} tuned by {record['kind']}: {'the adapter' if is_adapter else 'the model'}",
        "",
        "| what | figure |",
        "|---|---|",
        f"| base | {record['base']} |",
        f"| method | {settings['method']}" + (f", rank {settings['lora_rank']}" if settings["method"] != "full" else "") + " |",
        f"| answers | {settings['answer_format']}, closed by an end mark that was learnt |",
        f"| rows | {rows['training']:,} for training, {rows['validation']:,} for validation |",
        f"| trained | {record['trained_parameters']:,} weights, {record['steps']} steps of "
        f"{settings['batch_rows'] * settings['accumulation']} rows |",
        f"| loss a token on the validation rows | {loss:.4f} at step {record['best_step']} |" if loss is not None else "",
        f"| computed in | {record['precision']}: {record['precision_reason']} |",
        f"| time | {record['seconds']:.0f} s on {record['environment']['device_name']} |",
        "",
        f"Left out: {rows['told']}." if rows["told"] else "No row was left out.",
        "",
        "Limits: it knows what its rows say and is confidently wrong beyond them; its answers are text to be checked.",
        "Use: `python -m diaglib draw PROMPT --model FOLDER`, or `MODEL` in notebook 07."
        if settings["answer_format"] == "plan"
        else "",
    ]
    return "\n".join(line for line in lines if line is not None) + "\n"


def push(tuned: Tuned, repository: str) -> str:
    """Uploads the adapter (the model where there is none) to a private repository of the hub; returns its address.

    Raises TuningError where the environment variable HF_TOKEN is not set or the hub refuses.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    token = os.environ.get(TOKEN_VARIABLE)
    if not token:
        raise TuningError(
            "hub", f"set the environment variable {TOKEN_VARIABLE} to an access token that may write, then push again"
        )
    api = HfApi(token=token)
    try:
        address = api.create_repo(repository, private=True, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=tuned.adapter_folder or tuned.model_folder)
    except (HfHubHTTPError, OSError, ValueError) as error:
        words = (str(error).strip().splitlines() or [type(error).__name__])[0].replace(token, "…")
        raise TuningError("hub", f"{repository} could not be written: {words}; the model is safe in {tuned.folder}") from None
    return str(address)
