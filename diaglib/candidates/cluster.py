"""Many machines: candidates fan out over the workers of a Dask cluster, one at a time on each that offers a `GPU`.

Used by notebook 01 with SCHEDULER. Rules: a worker that is lost costs its candidate one try, elsewhere where there is another; a
candidate that loses two workers is a row with that reason. Records and answers come back over the network, so no disk is shared.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diaglib.candidates.failures import DONE, ERROR, KILLED, shorten
from diaglib.candidates.measure import failed_record, measure, measure_all
from diaglib.candidates.settings import Settings, read_settings
from diaglib.candidates.store import RECORD_FILE, candidate_folder, code_version, finished_record, read_json, write_json
from diaglib.candidates.subject import Subject
from diaglib.candidates.tasks import get_task
from diaglib.files import write_whole

LOCAL = "local"
RESOURCE = {"GPU": 1}
MAX_LOST_WORKERS = 2
CONNECT_TIMEOUT_S = 10
WORKER_WAIT_S = 120.0
_LOOK_EVERY_S = 0.5


def measure_everywhere(
    subjects: Sequence[Subject],
    task: str,
    settings: Settings,
    root: Path,
    force: bool = False,
    show: Callable[[str], None] = lambda line: None,
    scheduler: str = "",
) -> list[dict[str, Any]]:
    """One record a subject, in order, as `measure_all` gives them.

    `scheduler` is the address of a Dask scheduler (`tcp://host:8786`), `local` for a cluster on this machine with a worker for
    each of its GPUs, or empty: that cluster where there is more than one GPU, else this process. Raises ValueError where the
    scheduler does not answer, none of its workers offers a GPU, the task is unknown or two subjects have one name.
    """
    gpus = count_gpus()
    if not scheduler and gpus < 2:
        return measure_all(subjects, task, settings, root, force, show)
    if scheduler and scheduler != LOCAL:
        return _measure_on(scheduler, subjects, task, settings, root, force, show)
    with local_cluster(max(gpus, 1)) as cluster:
        return _measure_on(cluster.scheduler_address, subjects, task, settings, root, force, show)


def count_gpus() -> int:
    """GPUs of this machine, as the driver lists them."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    listed = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False, timeout=30).stdout
    return sum(line.startswith("GPU ") for line in listed.splitlines())


def local_cluster(workers: int) -> Any:
    """A cluster on this machine: a worker for each GPU, which sees that one only, and is started again when it is lost."""
    from distributed import Nanny, Scheduler
    from distributed.deploy.spec import SpecCluster

    # memory_limit 0: the models live in processes of their own, which the worker must not be killed for
    options: dict[str, Any] = {"nthreads": 1, "resources": RESOURCE, "memory_limit": 0, "dashboard": False, "host": "127.0.0.1"}
    options["silence_logs"] = logging.ERROR
    specs = {
        number: {"cls": Nanny, "options": options | {"env": {"CUDA_VISIBLE_DEVICES": str(number)} if count_gpus() else {}}}
        for number in range(workers)
    }
    where = {"host": "127.0.0.1", "port": 0, "dashboard": False, "dashboard_address": "127.0.0.1:0"}
    return SpecCluster(workers=specs, scheduler={"cls": Scheduler, "options": where}, silence_logs=logging.ERROR)


@dataclass
class _Place:
    """A candidate on a worker."""

    number: int
    future: Any


def _measure_on(
    address: str,
    subjects: Sequence[Subject],
    task: str,
    settings: Settings,
    root: Path,
    force: bool,
    show: Callable[[str], None],
) -> list[dict[str, Any]]:
    found = get_task(task)
    names = [subject.name for subject in subjects]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"two candidates are called '{twice[0]}': give each a name of its own")
    records: dict[int, dict[str, Any]] = {}
    if not force:
        for number, subject in enumerate(subjects):
            if (record := finished_record(candidate_folder(root, subject, found, settings))) is not None:
                records[number] = record
    with _connect(address) as client:
        run = _Run(client, subjects, task, settings, root, force)
        for number, record in run.records([number for number in range(len(subjects)) if number not in records]):
            records[number] = record
            said = record["status"] + (f": {record['reason']}" if record["reason"] else "")
            show(f"{len(records)} of {len(subjects)}: {subjects[number].name}: {said}")
    return [records[number] for number in range(len(subjects))]


def _connect(address: str) -> Any:
    from distributed import Client

    try:
        return Client(address, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        words = f"no Dask scheduler answers at {address}: start one with `dask scheduler` and give its address (tcp://host:8786)"
        raise ValueError(words) from error


class _Run:
    """Which candidate is where, how many workers each has lost, and which wait."""

    def __init__(self, client: Any, subjects: Sequence[Subject], task: str, settings: Settings, root: Path, force: bool) -> None:
        self.client, self.subjects, self.task, self.settings = client, subjects, task, settings
        self.root, self.force = root, force
        self.running: dict[str, _Place] = {}
        self.lost: dict[int, list[str]] = {}
        root.mkdir(parents=True, exist_ok=True)
        self.token = root / f".shared-{uuid.uuid4().hex}"

    def records(self, waiting: list[int]) -> Any:
        """(number, record) of each candidate as it is finished. Raises ValueError where no worker offers a GPU."""
        self.token.touch()  # a worker that sees it writes to the same disk
        alone_since = time.monotonic()
        try:
            while waiting or self.running:
                workers = self._workers()
                alone_since = time.monotonic() if workers else alone_since
                if not workers and time.monotonic() - alone_since > WORKER_WAIT_S:
                    for number in [*waiting, *(place.number for place in self.running.values())]:
                        yield number, self._failed(number, ERROR, "no worker of the cluster is left: start one and run again")
                    return
                yield from self._collect(workers, waiting)
                self._hand_out(workers, waiting)
                if waiting or self.running:
                    time.sleep(_LOOK_EVERY_S)
        finally:
            self.token.unlink(missing_ok=True)
            for place in self.running.values():
                place.future.cancel()

    def _workers(self) -> list[str]:
        """Addresses of the workers that measure."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        offering = [address for address, one in workers.items() if one["resources"].get("GPU", 0) >= 1]
        if workers and not offering and not self.running:
            raise ValueError(
                "no worker of the cluster offers a GPU: start each with "
                "`dask worker SCHEDULER --nthreads 1 --resources GPU=1` (also one without a GPU that shall measure)"
            )
        return offering

    def _collect(self, workers: Sequence[str], waiting: list[int]) -> Any:
        """What is finished, and what lost its worker: that goes back to the queue once."""
        for address, place in list(self.running.items()):
            if place.future.done():
                del self.running[address]
                yield place.number, self._result(place)
            elif address not in workers:
                del self.running[address]
                place.future.cancel()
                lost = self.lost.setdefault(place.number, [])
                lost.append(address)
                if len(lost) < MAX_LOST_WORKERS:
                    waiting.append(place.number)
                else:
                    words = f"two workers were lost while it was measured ({', '.join(lost)}): it is not tried a third time"
                    yield place.number, self._failed(place.number, KILLED, words, keep=True)

    def _hand_out(self, workers: Sequence[str], waiting: list[int]) -> None:
        """A waiting candidate for every free worker; one that lost a worker goes to another machine where there is one."""
        for address in workers:
            if address in self.running:
                continue
            hosts = {_host(worker) for worker in workers}
            number = next((n for n in waiting if _host(address) not in {_host(w) for w in self.lost.get(n, [])}), None)
            if number is None and waiting and len(hosts) == 1:
                number = waiting[0]
            if number is None:
                continue
            waiting.remove(number)
            subject = self.subjects[number]
            future = self.client.submit(
                measure_there, subject.as_dict(), self.task, self.settings.as_dict(), str(self.root.resolve()), self.force,
                self.token.name, code_version(), key=f"measure-{uuid.uuid4().hex}", workers=[address], resources=RESOURCE,
                pure=False,
            )  # fmt: skip
            self.running[address] = _Place(number, future)

    def _result(self, place: _Place) -> dict[str, Any]:
        try:
            record, files = place.future.result()
        except Exception as error:  # whatever a worker raises, its libraries among it
            return self._failed(place.number, ERROR, f"its worker could not measure it: {type(error).__name__}: {error}")
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        if record["status"] == DONE or files:  # the mark of completion comes last
            self._keep(place.number, record)
        return record

    def _failed(self, number: int, status: str, reason: str, keep: bool = False) -> dict[str, Any]:
        record = failed_record(self.subjects[number], self.task, status, shorten(reason))
        if keep:
            self._keep(number, record)
        return record

    def _keep(self, number: int, record: dict[str, Any]) -> None:
        folder = candidate_folder(self.root, self.subjects[number], get_task(self.task), self.settings)
        if read_json(folder / RECORD_FILE) != record:
            folder.mkdir(parents=True, exist_ok=True)
            write_json(folder / RECORD_FILE, record)


def _host(address: str) -> str:
    return address.rsplit(":", 1)[0]


def measure_there(
    subject: dict[str, Any], task: str, settings: dict[str, Any], root: str, force: bool, token: str, version: str
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """On a worker: measures one candidate. Returns its record, and what it left on a disk that the caller does not see.

    Raises RuntimeError where the worker's library is not the caller's.
    """
    if version != code_version():
        raise RuntimeError("this worker has another version of diaglib: install the same on all machines")
    place, is_shared = Path(root), (Path(root) / token).exists()
    if not is_shared:
        place = Path.home() / ".cache" / "diaglib" / "measured"
        place.mkdir(parents=True, exist_ok=True)
    one, sizes = Subject(**subject), read_settings(settings)
    record = measure(one, task, sizes, place, force)
    if is_shared:
        return record, {}
    folder = candidate_folder(place, one, get_task(task), sizes)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != RECORD_FILE]
    return record, {str(path.relative_to(place)): path.read_bytes() for path in files}
