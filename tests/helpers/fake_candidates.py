"""Candidates that fail in one way each, made in the child process as `fake_candidates:NAME`."""

import os
import signal
import sys
import time

from diaglib.llm.hub import Answer

FINE = "0 input 2\n1 dense 4\n2 dense 6\n3 output 1\nend"


class Fine:
    """Answers every sentence with the same plan."""

    def plan_answers(self, sentences, count, temperature, seed, max_new_tokens):
        return [[Answer(FINE, (1, 2, 3), True)] * count for _ in sentences]

    def chat_answers(self, texts, seed, max_new_tokens):
        return [Answer("네, 좋아요!", (1, 2), True) for _ in texts]


def fine(subject):
    return Fine()


def large(subject):
    """Holds 200 MiB that are written to."""
    writer = Fine()
    writer.weights = b"w" * (200 * 2**20)
    return writer


def out_of_memory(subject):
    if subject.precision in ("int8", "nf4"):
        return Fine()
    raise MemoryError("this machine has no 31,000 MiB")


def too_large(subject):
    """Would fit as GPTQ only, whose package lacks."""
    if subject.precision == "gptq":
        import a_package_that_nobody_has  # noqa: F401
    raise MemoryError("this machine has no 31,000 MiB")


def hang(subject):
    time.sleep(3600)


def killed(subject):
    os.kill(os.getpid(), signal.SIGKILL)


def needs_token(subject):
    from huggingface_hub import errors

    from diaglib.llm.hub_loading import explain

    # the constructor's arguments differ between versions of the library
    error = errors.GatedRepoError.__new__(errors.GatedRepoError)
    error.args = ("403 Client Error: access to this model is restricted",)
    raise explain(error, "someone/gated") from error


def broken_weights(subject):
    import tempfile
    from pathlib import Path

    from safetensors.numpy import load_file

    from diaglib.llm.hub_loading import explain

    path = Path(tempfile.mkdtemp()) / "model.safetensors"
    path.write_bytes(b"\xff" * 64)
    try:
        load_file(path)
    except Exception as error:
        raise explain(error, "someone/broken") from error


def flood(subject):
    print("x" * 5_000_000, flush=True)
    writer = Fine()
    writer.plan_answers = lambda sentences, *rest: [[Answer("y" * 5_000_000, (1,), False)] for _ in sentences]
    return writer


def raises_on_import(subject):
    import a_package_that_nobody_has  # noqa: F401


def no_network(subject):
    from diaglib.llm.hub import load_hub

    return load_hub("nobody/never-cached", precision="fp32")


def remote_code(subject):
    from diaglib.llm.hub_loading import explain

    text = "The repository contains custom code which must be executed: set trust_remote_code=True"
    error = ValueError(text)
    raise explain(error, "someone/own-code") from error


def disk_full(subject):
    import errno

    raise OSError(errno.ENOSPC, "No space left on device", "/cache/model.safetensors")


def noisy_end(subject):
    print("the last words", file=sys.stderr, flush=True)
    os._exit(7)


def slow(subject):
    writer = Fine()
    ask = writer.plan_answers

    def later(*given):
        time.sleep(0.02)
        return ask(*given)

    writer.plan_answers = later
    return writer


def kills_its_worker(subject):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def kills_its_worker_once(subject):
    """The mark is a file named by the subject's revision."""
    try:
        with open(subject.revision, "x"):
            pass
    except FileExistsError:
        return Fine()
    return kills_its_worker(subject)
