"""Which machine this is: library versions, device, and the number format that suits it, with the reason.

Used by the set-up cell of every notebook, by trainings and by run records. Rule: it reports, it changes nothing.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

SHOWN_PACKAGES = ("diaglib", "torch", "transformers", "datasets", "pandas", "matplotlib")


@dataclass(frozen=True, slots=True)
class Environment:
    """Versions by package name, the device in words, the dtype for computing on it, and why that one."""

    versions: dict[str, str]
    device: str
    device_name: str
    dtype: str
    dtype_reason: str

    def __str__(self) -> str:
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return f"{versions}\ndevice {self.device} ({self.device_name}), dtype {self.dtype}: {self.dtype_reason}"


def package_versions(packages: tuple[str, ...] = SHOWN_PACKAGES) -> dict[str, str]:
    """Versions of Python and of the packages, `not installed` where one is missing; imports none of them."""
    versions = {"python": platform.python_version()}
    for name in packages:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def read_environment(packages: tuple[str, ...] = SHOWN_PACKAGES) -> Environment:
    """Looks at this machine; imports torch (about a second)."""
    import torch

    versions = package_versions(packages)
    if not torch.cuda.is_available():
        name = f"{platform.machine()}, {torch.get_num_threads()} threads"
        return Environment(versions, "cpu", name, "float32", "no CUDA device, and half precision is slow on a CPU")
    capability = torch.cuda.get_device_capability()
    dtype, reason = choose_cuda_dtype(capability)
    return Environment(versions, "cuda", torch.cuda.get_device_name(), dtype, reason)


def choose_cuda_dtype(capability: tuple[int, int]) -> tuple[str, str]:
    """The dtype for a GPU of that CUDA capability, and why: bfloat16 is computed in hardware from 8.0 (Ampere) on."""
    words = f"CUDA capability {capability[0]}.{capability[1]}"
    if capability >= (8, 0):
        return "bfloat16", f"{words} computes it in hardware, with float32's range"
    if capability >= (7, 0):
        return "float16", f"{words} has tensor cores for it and none for bfloat16"
    return "float32", f"{words} has no tensor cores"


@contextmanager
def one_thread() -> Iterator[None]:
    """torch on one thread, for steps of a millisecond: beside other work, threads that wait for each other in every one of
    many thousand steps turn a minute into a quarter of an hour.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def training_autocast(device: str) -> AbstractContextManager:
    """What the forward pass of a training runs in: bfloat16 where the device computes it, else as it is.

    A processor without instructions for it emulates bfloat16: a step of a small model then takes over ten times as long.
    """
    import torch

    if device == "cpu":
        computes_it = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    else:
        computes_it = choose_cuda_dtype(torch.cuda.get_device_capability())[0] == "bfloat16"
    return torch.autocast(device, torch.bfloat16, enabled=computes_it)
