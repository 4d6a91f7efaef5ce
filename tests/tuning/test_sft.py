"""A tuning run learns, resumes to the same losses after a kill, and says at once what is wrong and what is safe."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from diaglib.tuning import TuningError, read_rows
from diaglib.tuning.checkpoints import CheckpointFolder
from diaglib.tuning.loading import require_matching
from diaglib.tuning.run import finished
from diaglib.tuning.sft import sft

KILLED_AT_A_STEP = """
import json, os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from diaglib.tuning import trainers
from diaglib.tuning.rows import Row
from diaglib.tuning.settings import TuningSettings
from diaglib.tuning.sft import sft
job = json.load(open(sys.argv[1]))
look = trainers.Careful._require_finite
def killed(self, loss, rows):
    if self.state.global_step == job["step"]:
        os.kill(os.getpid(), signal.SIGKILL)
    look(self, loss, rows)
trainers.Careful._require_finite = killed
rows = [Row(**row) for row in job["rows"]]
sft(job["base"], rows[:18], rows[18:], Path(job["folder"]), TuningSettings(**job["settings"]))
"""


@pytest.fixture(scope="module")
def undisturbed(stand_in, tmp_path_factory):
    """A run of six steps, and what it was made of."""
    from diaglib.dataset import rows as generated
    from diaglib.tuning import TuningSettings

    rows = read_rows(list(generated(3, 24, {"dense": 1.0})))
    settings = TuningSettings(
        steps=6, batch_rows=2, checkpoint_steps=2, warm_up_steps=1, learning_rate=1e-2, lora_rank=4,
        lora_dropout=0.1, activation_checkpointing=False,
    )  # fmt: skip
    return sft(str(stand_in), rows[:18], rows[18:], tmp_path_factory.mktemp("run"), settings), rows, settings


def test_it_learns_and_leaves_adapter_model_card_and_record(undisturbed) -> None:
    tuned, _, _ = undisturbed
    losses = [loss for _, loss in tuned.record["losses"]]
    assert losses[-1] < losses[0]
    assert tuned.record["learning"]["with_gradients"] == tuned.record["learning"]["trained"] > 0
    assert tuned.record["learning"]["changed"] == tuned.record["learning"]["trained"]
    assert (tuned.adapter_folder / "adapter_model.safetensors").is_file()
    assert (tuned.model_folder / "model.safetensors").is_file()
    card = (tuned.model_folder / "README.md").read_text()
    assert f"{tuned.record['best_validation_loss']:.4f}" in card
    assert not list(tuned.model_folder.glob("*.bin"))


def test_the_merged_model_answers_as_the_adapter_does_and_is_asked_by_the_short_prompt(undisturbed, stand_in) -> None:
    from diaglib.llm.hub import load_hub
    from diaglib.llm.instructions import plan_instruction

    tuned, rows, _ = undisturbed
    merged, adapter = load_hub(str(tuned.model_folder), "fp32"), load_hub(str(tuned.adapter_folder), "fp32")
    text = plan_instruction(rows[0].prompt, merged.tokenizer)
    assert text == f"Sentence: {rows[0].prompt}\nPlan:\n" == plan_instruction(rows[0].prompt, adapter.tokenizer)
    assert len(plan_instruction(rows[0].prompt, load_hub(str(stand_in), "fp32").tokenizer)) > 4 * len(text)
    (one,), (other,) = merged.answers([text], max_new_tokens=8), adapter.answers([text], max_new_tokens=8)
    assert one[0].tokens == other[0].tokens


@pytest.mark.parametrize("step", [1, 5])
def test_a_run_killed_at_any_step_goes_on_to_the_same_losses(undisturbed, stand_in, tmp_path, step) -> None:
    tuned, rows, settings = undisturbed
    job = {"rows": [asdict(row) for row in rows], "settings": asdict(settings), "base": str(stand_in)}
    (tmp_path / "job.json").write_text(json.dumps(job | {"step": step, "folder": str(tmp_path / "run")}))
    command = [sys.executable, "-c", KILLED_AT_A_STEP, str(tmp_path / "job.json")]
    killed = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"HF_HUB_OFFLINE": "1"})
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    resumed = sft(str(stand_in), rows[:18], rows[18:], tmp_path / "run", settings)
    assert resumed.record["resumed_from"] == ("checkpoint-4" if step == 5 else None)
    assert resumed.record["losses"] == tuned.record["losses"]
    assert resumed.record["validation_losses"] == tuned.record["validation_losses"]


def test_a_finished_run_is_returned_and_another_one_is_not_written_over_it(undisturbed, stand_in) -> None:
    tuned, rows, settings = undisturbed
    before = (tuned.folder / "result.json").stat().st_mtime_ns
    assert sft(str(stand_in), rows[:18], rows[18:], tuned.folder, settings).record["steps"] == 6
    assert (tuned.folder / "result.json").stat().st_mtime_ns == before
    with pytest.raises(TuningError, match="holds a run with other lora_rank"):
        sft(str(stand_in), rows[:18], rows[18:], tuned.folder, replace(settings, lora_rank=8))


def test_a_loss_that_is_no_number_names_its_rows_and_keeps_the_last_checkpoint(
    stand_in, rows, few_steps, tmp_path, monkeypatch
) -> None:
    from diaglib.tuning import trainers

    compute = trainers.answer_log_probabilities
    calls = []

    def broken(logits, targets):
        calls.append(1)
        return compute(logits, targets) * (float("nan") if len(calls) == 4 else 1)

    monkeypatch.setattr(trainers, "answer_log_probabilities", broken)
    with pytest.raises(
        TuningError, match=r"loss is nan in step 4, in the batch of rows \d+, \d+: the checkpoint of step 2"
    ) as error:
        sft(str(stand_in), rows, [], tmp_path, few_steps)
    assert error.value.kind == "loss"
    assert CheckpointFolder(tmp_path / "checkpoints").steps() == [2]
    assert finished(tmp_path) is None


def test_a_full_disk_is_told_at_once_and_costs_one_checkpoint(stand_in, rows, few_steps, tmp_path, monkeypatch) -> None:
    import torch

    save = torch.save

    def full(thing, file, *args, **kwargs):
        if "checkpoint-4" in str(file):
            raise OSError(28, "No space left on device")
        return save(thing, file, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", full)
        with pytest.raises(TuningError, match=r"No space left on device.*the checkpoint of step 2"):
            sft(str(stand_in), rows, [], tmp_path, few_steps)
    assert CheckpointFolder(tmp_path / "checkpoints").steps() == [2]
    assert not (tmp_path / "checkpoints" / "checkpoint-4").exists()
    assert sft(str(stand_in), rows, [], tmp_path, few_steps).record["resumed_from"] == "checkpoint-2"


def test_too_little_room_is_told_before_the_first_step(tmp_path, monkeypatch) -> None:
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(TuningError, match="has 1 MB left and a checkpoint takes 50 MB"):
        CheckpointFolder(tmp_path).require_room(50)


def test_a_lost_mount_is_told(tmp_path) -> None:
    (tmp_path / "drive").write_text("a file where the mount was")
    with pytest.raises(TuningError, match="mounted Drive gone"):
        CheckpointFolder(tmp_path / "drive" / "run").require_room(0)


def test_a_half_written_checkpoint_is_not_resumed(tmp_path) -> None:
    folder = CheckpointFolder(tmp_path)
    for step in (2, 4):
        folder.path(step).mkdir()
    with folder.writing(2):
        pass
    assert folder.last() == folder.path(2)
    assert not folder.path(4).exists()


def test_a_run_that_trains_nothing_is_stopped(stand_in, rows, few_steps, tmp_path, monkeypatch) -> None:
    """4-bit layers of bitsandbytes gave zero gradients on a CPU, and 1,500 steps went by before anyone looked."""
    from diaglib.tuning import trainers

    compute = trainers.answer_log_probabilities
    monkeypatch.setattr(trainers, "answer_log_probabilities", lambda *given: compute(*given) * 0)
    with pytest.raises(TuningError, match=r"0 had gradients.*nothing is learnt") as error:
        sft(str(stand_in), rows, [], tmp_path, few_steps)
    assert error.value.kind == "learning"


def test_out_of_memory_names_the_smallest_change_that_fits(stand_in, rows, few_steps, tmp_path, monkeypatch) -> None:
    import torch

    from diaglib.tuning import trainers

    def too_much(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(trainers, "answer_logits", too_much)
    with pytest.raises(TuningError, match=r"memory ran out at step 1: (switch|take|hold).*predicted [\d,]+ MiB of") as error:
        sft(str(stand_in), rows, [], tmp_path, few_steps)
    assert error.value.kind == "memory"


def test_an_adapter_of_another_base_is_refused(undisturbed, neox, tmp_path) -> None:
    tuned, rows, settings = undisturbed
    with pytest.raises(TuningError, match=f"was made for .*, not for {neox}") as error:
        sft(str(neox), rows, [], tmp_path, settings, adapter=tuned.adapter_folder)
    assert error.value.kind == "base"
    with pytest.raises(TuningError, match=r"holds no adapter_config\.json"):
        require_matching(str(neox), tmp_path)


def test_an_adapter_that_was_made_for_a_model_of_the_same_name_is_refused_by_its_shapes(undisturbed, neox, tmp_path) -> None:
    import shutil

    tuned, rows, settings = undisturbed
    other = tmp_path / "adapter"
    shutil.copytree(tuned.adapter_folder, other)
    config = json.loads((other / "adapter_config.json").read_text()) | {"base_model_name_or_path": str(neox)}
    (other / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(TuningError, match="does not fit"):
        sft(str(neox), rows, [], tmp_path / "run", settings, adapter=other)


def test_training_stops_early_and_keeps_the_best_weights(stand_in, rows, few_steps, tmp_path) -> None:
    """With a rate that ruins the weights the validation loss rises from the start."""
    settings = replace(few_steps, steps=40, learning_rate=0.5, patience=1)
    tuned = sft(str(stand_in), rows[:18], rows[18:], tmp_path, settings)
    assert tuned.record["stopped_early"]
    assert tuned.record["steps"] < 40
    losses = dict(tuned.record["validation_losses"])
    assert losses[tuned.record["best_step"]] == min(losses.values())


def test_pushing_without_a_token_says_which_variable(undisturbed, monkeypatch) -> None:
    from diaglib.tuning.saving import push

    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(TuningError, match="HF_TOKEN"):
        push(undisturbed[0], "someone/model")


def test_an_embedded_model_tuned_is_one_again(rows, few_steps, tmp_path) -> None:
    from diaglib.llm import load

    tuned = sft("tiny", rows, [], tmp_path, replace(few_steps, method="full", learning_rate=1e-5))
    assert load(tuned.model_folder).plan_texts([rows[0].prompt])[0][0] == load("tiny").plan_texts([rows[0].prompt])[0][0]
    assert Path(tuned.model_folder, "vocabulary.json").is_file()
