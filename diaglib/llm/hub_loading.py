"""Loads weights and tokenizer of a hub id, a folder or a PEFT adapter, and says in one sentence why it could not.

Used by `hub`. Rules: safetensors only; no retries where there is no network; an access token is never part of a message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diaglib.llm import gptq

_LONG_NAMES = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}
_DTYPES = {short: long for long, short in _LONG_NAMES.items()}
PRECISIONS = (*_DTYPES, "int8", "nf4", "gptq")
_COMMIT = re.compile(r"[0-9a-f]{40}")
PROBE_TIMEOUT_S = 5


class ModelLoadError(RuntimeError):
    """A model that could not be loaded; the message says which, why, and what to do. `kind` is the reason in one word."""

    def __init__(self, name: str, kind: str, words: str) -> None:
        super().__init__(f"{name}: {words}")
        self.name, self.kind = name, kind


@dataclass(frozen=True)
class Parts:
    """A loaded model with its tokenizer, how its weights are held, and why so."""

    model: Any
    tokenizer: Any
    dtype: str
    dtype_reason: str


def load_parts(name: str, precision: str | None, revision: str | None, trust_remote_code: bool, adapter: str | None) -> Parts:
    """Everything that `load_hub` does. Raises ModelLoadError."""
    precision = _LONG_NAMES.get(precision or "", precision)
    if precision not in (None, *PRECISIONS):
        raise ModelLoadError(name, "precision", f"precision '{precision}' is not known; known: {', '.join(PRECISIONS)}")
    is_folder = Path(name).is_dir()
    if trust_remote_code and not is_folder and not _COMMIT.fullmatch(revision or ""):
        raise ModelLoadError(
            name, "remote code", "its own code runs only from a pinned revision: give its commit, 40 hex digits, as revision"
        )
    try:
        if adapter is None and (found := _adapter_base(name, revision)) is not None:
            name, revision, adapter = found[0], found[1], name
            is_folder = Path(name).is_dir()
        options = {"revision": revision or "main", "trust_remote_code": trust_remote_code, "local_files_only": True}
        if not is_folder and not _is_cached(name, revision):
            options["local_files_only"] = not _network_answers(name, revision)
        try:
            return _load(name, precision, adapter, options)
        except OSError as error:
            # an incomplete copy in the cache: fetch what lacks
            if (
                is_folder
                or not options["local_files_only"]
                or not _is_cached(name, revision)
                or not _network_answers(name, revision)
            ):
                raise
            del error
            return _load(name, precision, adapter, options | {"local_files_only": False})
    except ModelLoadError:
        raise
    except Exception as error:
        raise explain(error, name, is_folder) from error


def _load(name: str, precision: str | None, adapter: str | None, options: dict[str, Any]) -> Parts:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    if options["trust_remote_code"]:
        _check_own_code(name, options)
    config = AutoConfig.from_pretrained(name, **options)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    precision, reason = choose_precision(precision, getattr(config, "quantization_config", None))
    model_options: dict[str, Any] = {"use_safetensors": True, "device_map": {"": device}, "output_loading_info": True}
    # the kernels of these two compute in fp16 whatever surrounds them
    compute = getattr(torch, _DTYPES.get(precision) or ("float16" if precision in ("int8", "gptq") else _device_dtype()[0]))
    if precision == "gptq" and (reason_against := gptq.why_not(config)) is not None:
        raise ModelLoadError(name, *reason_against)
    if precision in ("int8", "nf4"):
        from transformers import BitsAndBytesConfig

        in_4_bit = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": compute}
        model_options["quantization_config"] = BitsAndBytesConfig(**(in_4_bit if precision == "nf4" else {"load_in_8bit": True}))
    tokenizer = AutoTokenizer.from_pretrained(_tokenizer_home(name, adapter), **options)
    if precision == "gptq":
        model_options |= gptq.gptq_options(tokenizer)
    model, report = AutoModelForCausalLM.from_pretrained(name, config=config, dtype=compute, **model_options, **options)
    if missing := sorted(report["missing_keys"]):
        raise ModelLoadError(
            name,
            "weights",
            f"its weights lack {len(missing)} tensors ({missing[0]} …): the files are incomplete, fetch them anew",
        )
    if adapter is not None:
        model = _put_adapter(model, tokenizer, adapter)
    return Parts(model, tokenizer, precision, reason)


def _put_adapter(model: Any, tokenizer: Any, adapter: str) -> Any:
    from huggingface_hub import hf_hub_download
    from peft import PeftModel

    folder = Path(adapter)
    if not folder.is_dir():
        hf_hub_download(adapter, "adapter_config.json")
        folder = Path(hf_hub_download(adapter, "adapter_model.safetensors")).parent
    for file in ("adapter_config.json", "adapter_model.safetensors"):
        if not (folder / file).is_file():
            raise ModelLoadError(adapter, "weights", f"there is no {file}: not a PEFT adapter with safetensors weights")
    if len(tokenizer) > model.get_input_embeddings().weight.shape[0]:  # tokens added in training
        model.resize_token_embeddings(len(tokenizer))
    return PeftModel.from_pretrained(model, str(folder), is_trainable=False)


def _tokenizer_home(name: str, adapter: str | None) -> str:
    """Training may have added tokens, then it saved the tokenizer beside the adapter."""
    if adapter is not None and (Path(adapter) / "tokenizer_config.json").is_file():
        return adapter
    return name


def _adapter_base(name: str, revision: str | None) -> tuple[str, str | None] | None:
    """Base model and its revision, where a folder (or a repository in the cache) is a PEFT adapter without a model."""
    from huggingface_hub import try_to_load_from_cache

    folder = Path(name)
    path: Any = folder / "adapter_config.json"
    if not folder.is_dir():
        try:
            path = try_to_load_from_cache(name, "adapter_config.json", revision=revision)
        except ValueError:  # not a hub id; the loader says so
            return None
    elif (folder / "config.json").is_file():
        return None
    if not isinstance(path, str | Path) or not Path(path).is_file():
        return None
    settings = json.loads(Path(path).read_text(encoding="utf-8"))
    base = settings.get("base_model_name_or_path")
    if not base:
        raise ModelLoadError(
            name, "adapter", "its adapter_config.json names no base model: load the base and pass this as adapter"
        )
    return str(base), settings.get("revision")


def choose_precision(precision: str | None, quantised: Any = None) -> tuple[str, str]:
    """How the weights are held, and why: as asked, as the checkpoint is, or what the device computes best."""
    if quantised is not None:
        method = quantised.get("quant_method", "?") if isinstance(quantised, dict) else getattr(quantised, "quant_method", "?")
        return f"as saved ({getattr(method, 'value', method)})", "the checkpoint is quantised already"
    if precision is not None:
        return precision, "as asked for"
    dtype, reason = _device_dtype()
    return _LONG_NAMES[dtype], reason


def _device_dtype() -> tuple[str, str]:
    import torch

    from diaglib.environment import choose_cuda_dtype

    if not torch.cuda.is_available():
        return "float32", "no CUDA device, and half precision is slow on a CPU"
    return choose_cuda_dtype(torch.cuda.get_device_capability())


def _check_own_code(name: str, options: dict[str, Any]) -> None:
    """A pinned revision pins nothing where the settings take code from another repository; looked up before any code runs."""
    from transformers import PretrainedConfig
    from transformers.models.auto.tokenization_auto import get_tokenizer_config

    places = {key: value for key, value in options.items() if key != "trust_remote_code"}
    settings = [PretrainedConfig.get_config_dict(name, **places)[0], get_tokenizer_config(name, **places)]
    named = re.findall(r"[\w./-]+--[\w./-]+", " ".join(str(one.get("auto_map")) for one in settings))
    if named:
        words = f"it takes code from another repository ({named[0]}), which its revision does not pin"
        raise ModelLoadError(name, "remote code", words)


def _is_cached(name: str, revision: str | None) -> bool:
    from huggingface_hub import try_to_load_from_cache

    try:
        return isinstance(try_to_load_from_cache(name, "config.json", revision=revision), str)
    except ValueError:
        return False


def _network_answers(name: str, revision: str | None) -> bool:
    """One question to the hub, without the half minute of retries that a download makes where there is no network."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError

    try:
        get_hf_file_metadata(hf_hub_url(name, "config.json", revision=revision), timeout=PROBE_TIMEOUT_S, retry_on_errors=False)
    except HfHubHTTPError:
        return True  # it answered; the loader says what is wrong
    except Exception:  # whatever the transport raises: no name, no route, no answer in time, offline mode
        return False
    return True


def is_out_of_memory(error: BaseException) -> bool:
    """Whether GPU or main memory ran out."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in words or "can't allocate memory" in words


def explain(error: BaseException, name: str, is_folder: bool = False) -> ModelLoadError:
    """The one reason why a model could not be loaded, from whatever a library raised."""
    from huggingface_hub import errors

    chain = list(_causes(error))
    words = " ".join(str(one) for one in chain)

    def raised(*types: type[BaseException]) -> bool:
        return any(isinstance(one, types) for one in chain)

    kind, reason = "unknown", f"could not be loaded: {type(error).__name__}: {_first_line(error)}"
    if any(is_out_of_memory(one) for one in chain):
        kind, reason = "memory", "out of memory while loading: take precision nf4 or int8, a smaller model, or a larger GPU"
    elif "trust_remote_code" in words or "contains custom code" in words:
        kind = "remote code"
        reason = "it needs code of its own: read it, then pass trust_remote_code=True and its commit (40 hex digits) as revision"
    elif raised(errors.GatedRepoError) or "gated repo" in words:
        kind, reason = "gated", "it is gated: accept its licence on its page, then set HF_TOKEN to an access token"
    elif raised(errors.RevisionNotFoundError):
        kind, reason = "revision", "it has no such revision: look its commits up on its page"
    elif raised(errors.HFValidationError):
        kind, reason = "unknown model", "it is neither a folder nor the id of a model (owner/name)"
    elif raised(errors.RepositoryNotFoundError):
        kind, reason = "unknown model", "there is no such model on the hub, or it is private: check the id, or set HF_TOKEN"
    elif "safetensors" in words and ("no file named" in words or "does not appear to have a file named" in words):
        kind, reason = (
            "weights",
            "it has no weights in safetensors, and other formats can carry code: take a revision that has them",
        )
    elif raised(errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled) or "couldn't connect" in words.lower():
        kind, reason = (
            "network",
            "it is not in the local cache and the hub does not answer (no network, or HF_HUB_OFFLINE is set)",
        )
    elif "SafetensorError" in {type(one).__name__ for one in chain} or "size mismatch" in words or "mismatched" in words:
        kind, reason = "weights", f"its weights are broken: {_first_line(chain[-1])}; fetch them anew"
    elif "does not recognize this architecture" in words:
        kind, reason = "architecture", f"this version of transformers does not know it: {_first_line(error)}"
    elif raised(ImportError):
        kind, reason = "package", f"a package is missing: {_first_line(error)}"
    elif is_folder and raised(OSError, ValueError) and ("config.json" in words or "model_type" in words):
        kind, reason = "unknown model", f"the folder is not a saved model: {_first_line(error)}"
    return ModelLoadError(name, kind, _without_token(reason))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:200]


def _without_token(text: str) -> str:
    from huggingface_hub import get_token

    token = get_token()
    return text.replace(token, "…") if token else text
