"""Memory of this process and of the GPU, whether a GPU is busy, and a limit that pretends a smaller machine.

Used by the child processes of notebook 01. Rule: peaks are the system's own counters, set back before each stage, never samples.
"""

from __future__ import annotations

import ctypes
import gc
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

MIB = 2**20
BUSY_MIB = 200  # a display or an idle service holds less


class BusyGPUError(RuntimeError):
    """Another process computes on the GPU, so times and memory would not be this candidate's."""


def processes_on_gpu() -> dict[int, int]:
    """Process id -> MiB it holds on any GPU that this process may use; empty where there is none or nobody computes."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return {}
    command = [tool, "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
    if visible := os.environ.get("CUDA_VISIBLE_DEVICES"):  # beside this one, others may measure on other GPUs
        command += ["-i", visible]
    listed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout
    found: dict[int, int] = {}
    for line in listed.splitlines():
        pid, _, used = line.partition(",")
        if pid.strip().isdigit():
            found[int(pid)] = int(used) if used.strip().isdigit() else BUSY_MIB
    return found


def refuse_busy_gpu(holders: dict[int, int] | None = None) -> None:
    """Raises BusyGPUError where a process holds more than 200 MiB of a GPU."""
    holders = processes_on_gpu() if holders is None else holders
    busy = {pid: used for pid, used in holders.items() if used >= BUSY_MIB and pid != os.getpid()}
    if busy:
        pid, used = max(busy.items(), key=lambda item: item[1])
        words = f"process {pid} holds {used:,} MiB of the GPU: wait for it or end it, then run again"
        raise BusyGPUError(words + (f" (and {len(busy) - 1} more)" if len(busy) > 1 else ""))


def has_cuda() -> bool:
    """Whether torch, where it is loaded, computes on a GPU; a child without torch has none."""
    torch = sys.modules.get("torch")
    return bool(torch is not None and torch.cuda.is_available())


def give_back() -> None:
    """Returns what nobody uses to the system and to the GPU, so that the next stage does not stand on this one's leftovers."""
    gc.collect()
    if sys.platform == "linux":
        with suppress(AttributeError):  # not glibc
            ctypes.CDLL(None).malloc_trim(0)
    if has_cuda():
        sys.modules["torch"].cuda.empty_cache()


def start_peaks() -> None:
    """Sets every peak to the present level."""
    if sys.platform == "linux":
        with suppress(OSError):  # a locked-down container: the peak is then that of the whole process
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    if has_cuda():
        sys.modules["torch"].cuda.reset_peak_memory_stats()


def read_peaks() -> dict[str, float | None]:
    """Peaks since `start_peaks`: `peak_process_mib` (resident), `peak_allocated_mib` and `peak_reserved_mib` (GPU or None)."""
    peaks: dict[str, float | None] = {"peak_process_mib": _peak_resident_mib(), "peak_allocated_mib": None}
    peaks |= {"peak_reserved_mib": None, "peak_device_mib": None}
    if has_cuda():
        cuda = sys.modules["torch"].cuda
        free, total = cuda.mem_get_info()
        peaks["peak_allocated_mib"] = round(cuda.max_memory_allocated() / MIB, 1)
        peaks["peak_reserved_mib"] = round(cuda.max_memory_reserved() / MIB, 1)
        # context, kernels and what is reserved now: what other programs see as taken
        peaks["peak_device_mib"] = round(
            (total - free) / MIB - cuda.memory_reserved() / MIB + cuda.max_memory_reserved() / MIB, 1
        )
    return peaks


def _peak_resident_mib() -> float:
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM"):
                return round(int(line.split()[1]) / 1024, 1)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (MIB if sys.platform == "darwin" else 1024), 1)


def limit_memory(gib: float) -> None:
    """Lets this process have no more than that: GPU memory where there is one, else the memory it may map."""
    if not gib:
        return
    if has_cuda():
        torch = sys.modules["torch"]
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, gib * 2**30 / total))
        return
    import resource

    limit = int(gib * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def weights_mib(model: Any) -> float:
    """MiB of parameters and buffers as they are held, packed ones at their packed size; tied ones count once."""
    tensors = {id(tensor): tensor for tensor in [*model.parameters(), *model.buffers()]}
    extra = 0
    for tensor in tensors.values():
        state = getattr(tensor, "quant_state", None)
        if state is not None:  # 4 bits: the scales of each block
            extra += state.absmax.numel() * state.absmax.element_size()
            nested = getattr(state, "state2", None)
            extra += nested.absmax.numel() * nested.absmax.element_size() if nested is not None else 0
        scales = getattr(tensor, "SCB", None)
        extra += scales.numel() * scales.element_size() if scales is not None else 0
    held = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    return round((held + extra) / MIB, 2)
