"""The FSDP configuration of the repository trains in two CPU processes to the losses and weights of one."""

import json
import os
import subprocess
import sys

import pytest

from diaglib.tuning.processes import FSDP_FILE

WORKER = """
import json, sys
from dataclasses import asdict
from pathlib import Path
import torch
torch.set_num_threads(1)
import accelerate
from accelerate.state import AcceleratorState
from diaglib.tuning import sft as sft_module
from diaglib.tuning.processes import is_first, is_sharded
from diaglib.tuning.rows import Row
from diaglib.tuning.settings import TuningSettings

job = json.load(open(sys.argv[1]))
made = AcceleratorState.__init__

def spread_on_cpus_too(self, *args, **given):
    # accelerate spreads weights over GPUs alone: what it does there is asked for here, over gloo
    made(self, *args, **given)
    if self.distributed_type is accelerate.DistributedType.MULTI_CPU:
        self.distributed_type = accelerate.DistributedType.FSDP
        self.fsdp_plugin = given.get("fsdp_plugin") or accelerate.FullyShardedDataParallelPlugin()

AcceleratorState.__init__ = spread_on_cpus_too
train, found = sft_module.train, {}

def looked_at(trainer, *args, **given):
    record = train(trainer, *args, **given)
    found["sharded"] = is_sharded(trainer.model)
    return record

sft_module.train = looked_at
rows = [Row(**row) for row in job["rows"]]
settings = TuningSettings(**job["settings"])
tuned = sft_module.sft(job["base"], rows[:16], rows[16:], Path(job["folder"]), settings)
if is_first():
    Path(job["told"]).write_text(json.dumps({"losses": tuned.record["losses"], "learning": tuned.record["learning"], **found}))
"""


def launched_environment() -> dict[str, str]:
    """What `accelerate launch --config_file` tells its processes."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_multi_gpu_env

    args = launch_command_parser().parse_args(["--config_file", str(FSDP_FILE), "--main_process_port", "0", "worker.py"])
    args, *_ = _validate_launch_command(args)
    return prepare_multi_gpu_env(args)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "full"])
def test_two_processes_that_share_the_weights_learn_what_one_learns(method, stand_in, rows, few_steps, tmp_path) -> None:
    """Half the rows a step in each of two processes are the same step."""
    from dataclasses import asdict, replace

    from safetensors.torch import load_file

    from diaglib.tuning.sft import sft

    settings = replace(few_steps, steps=4, batch_rows=4, method=method, activation_checkpointing=method == "lora")
    alone = sft(str(stand_in), rows[:16], rows[16:], tmp_path / "alone", settings)
    job = {
        "base": str(stand_in),
        "folder": str(tmp_path / "shared"),
        "told": str(tmp_path / "told.json"),
        "rows": [asdict(row) for row in rows],
        "settings": asdict(replace(settings, batch_rows=2)),
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    (tmp_path / "worker.py").write_text(WORKER)
    environment = {
        **os.environ, **launched_environment(),
        "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    files = [str(tmp_path / "worker.py"), str(tmp_path / "job.json")]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["sharded"]
    assert told["learning"]["changed"] == told["learning"]["trained"]
    assert [loss for _, loss in told["losses"]] == pytest.approx([loss for _, loss in alone.record["losses"]], rel=1e-4)
    one, other = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("alone", "shared"))
    assert one.keys() == other.keys()
    assert all(one[name].allclose(other[name], atol=1e-4) for name in one)
