"""Notebooks side by side: on workers of this machine, or on a Dask cluster whose workers each have a GPU.

Used by `diaglib run --jobs N` and `--scheduler ADDRESS`. Rule: a worker that dies costs its notebook a fresh start on
another one, and nothing else; the third time it is a failure. Workers on other machines see the same folders.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diaglib.runs.execute import Job, run_job
from diaglib.runs.records import Result, write_result
from diaglib.runs.series import OUTPUTS_VARIABLE

if TYPE_CHECKING:
    from diaglib.runs.batch import Batch

TOPIC = "diaglib-progress"
ALLOWED_DEATHS = 2


def run_on_cluster(batch: Batch, jobs: int, scheduler: str, needs_gpu: bool) -> None:
    """Runs a batch to its end. Raises ValueError where the cluster cannot be reached or has no worker with a GPU."""
    import dask
    from distributed import Client, LocalCluster, as_completed

    dask.config.set({"distributed.scheduler.allowed-failures": ALLOWED_DEATHS, "distributed.admin.log-format": ""})
    try:
        cluster = None if scheduler else LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None)
        client = Client(scheduler or cluster, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {scheduler}: start one with `dask scheduler` ({error})") from None
    with client:
        resources = _gpu_resource(client) if needs_gpu and scheduler else {}
        client.subscribe_topic(TOPIC, lambda event: batch.show(f"{event[1]['name']}: {event[1]['words']}", False))
        place = (os.getcwd(), os.environ.get(OUTPUTS_VARIABLE))

        def submit(ready: list[Job]) -> list[Any]:
            running = [client.submit(_run_there, job, place, resources=resources, pure=False) for job in ready]
            of_future.update({future.key: job for future, job in zip(running, ready, strict=True)})
            return running

        of_future: dict[Any, Job] = {}
        waiting = as_completed(submit(batch.take()))
        for future in waiting:
            job = of_future[future.key]
            failure = future.exception()
            if isinstance(failure, OSError):
                raise failure
            batch.finish(_lost(job, failure) if failure else future.result())
            for further in submit(batch.take()):
                waiting.add(further)
    if cluster is not None:
        cluster.close()


def _gpu_resource(client: Any) -> dict[str, int]:
    """One GPU a notebook, where workers say that they have one (`dask worker --resources GPU=1`)."""
    workers = client.scheduler_info()["workers"].values()
    if not any(worker.get("resources", {}).get("GPU") for worker in workers):
        raise ValueError(
            "no worker of the cluster has a GPU: start them with `dask worker ADDRESS --nthreads 1 --resources GPU=1`"
        )
    return {"GPU": 1}


def _run_there(job: Job, place: tuple[str, str | None]) -> Result:
    """A job on a worker, in the folder it was submitted from, with its progress sent back."""
    from distributed import get_worker

    worker = get_worker()
    os.chdir(place[0])
    if place[1] is not None:
        os.environ[OUTPUTS_VARIABLE] = place[1]
    return run_job(job, lambda words: worker.log_event(TOPIC, {"name": job.entry.name, "words": words}))


def _lost(job: Job, failure: BaseException) -> Result:
    """The record of a notebook whose workers died, or which could not be run at all."""
    from distributed.scheduler import KilledWorker

    error = f"{type(failure).__name__}: {failure}"
    if isinstance(failure, KilledWorker):
        error = f"its worker died {ALLOWED_DEATHS + 1} times: most often the memory was full"
    name, question = job.entry.name, job.entry.question
    result = Result(name, question, job.profile, job.parameters, "failed", error, 0.0, 0, "", job.key, "")
    Path(job.folder).mkdir(parents=True, exist_ok=True)
    write_result(job.folder, result)
    return replace(result, leaves=job.entry.left(job.folder))
