"""Time to the first token and tokens a second after it, and the log-likelihood of choices, of a model in torch.

Used by the child processes of notebook 01. Rule: prefill and decoding apart, after warm-ups, with the number of repetitions told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from diaglib.candidates.settings import Settings


def generation_speed(model: Any, prompt_ids: Sequence[int], settings: Settings) -> dict[str, float | int]:
    """`first_token_s`, `decode_tokens_per_s` (medians of one prompt at a time), `speed_runs` and the token numbers.

    A run is a generation of one token, then one of `speed_new_tokens` that may not end early; what the second takes longer
    is decoding. Runs go on until both `least_iterations` and `least_seconds` are reached.
    """
    import torch

    new = settings.speed_new_tokens
    filled = [*prompt_ids] or [1]
    filled = (filled * (settings.speed_prompt_tokens // len(filled) + 1))[: settings.speed_prompt_tokens]
    ids = torch.tensor([filled], device=model.device)
    mask = torch.ones_like(ids)
    # no end token, so that every run writes the same number
    options = {"do_sample": False, "eos_token_id": None, "pad_token_id": 0, "attention_mask": mask}

    def run(tokens: int) -> float:
        return _seconds(lambda: model.generate(input_ids=ids, max_new_tokens=tokens, min_new_tokens=tokens, **options))

    with torch.inference_mode():
        for _ in range(settings.warm_ups):
            run(new)
        first: list[float] = []
        decode: list[float] = []
        start = time.perf_counter()
        while len(first) < settings.least_iterations or time.perf_counter() - start < settings.least_seconds:
            first.append(run(1))
            decode.append((new - 1) / max(run(new) - first[-1], 1e-9))
    return {
        "first_token_s": round(median(first), 5),
        "decode_tokens_per_s": round(median(decode), 2),
        "speed_runs": len(first),
        "speed_prompt_tokens": len(filled),
        "speed_new_tokens": new,
    }


def _seconds(work: Callable[[], Any]) -> float:
    """Seconds of a piece of work, the GPU's share included."""
    import torch

    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start


def choice_scores(writer: Any, prompt: str, choices: Sequence[str]) -> list[float]:
    """Log-likelihood of each choice behind the prompt; the prompt loses its start where both do not fit the window."""
    import torch

    start, ends = writer.choice_ids(prompt, choices)
    config = writer.model.config.get_text_config()
    window = int(getattr(config, "max_position_embeddings", None) or 1_000_000)
    start = start[-(window - max(map(len, ends))) :]
    if all(len(end) == 1 for end in ends):  # one reading of the prompt gives them all
        return _last_logits(writer.model, start)[[end[0] for end in ends]].tolist()
    longest = max(map(len, ends))
    # right padding behind the last token that counts changes nothing before it
    rows = torch.tensor([[*start, *end, *[0] * (longest - len(end))] for end in ends], device=writer.model.device)
    mask = torch.tensor([[1] * (len(start) + len(end)) + [0] * (longest - len(end)) for end in ends], device=rows.device)
    with torch.inference_mode():
        logits = writer.model(input_ids=rows, attention_mask=mask).logits.float()
    scores = []
    for row, end in enumerate(ends):
        at = torch.arange(len(start) - 1, len(start) - 1 + len(end), device=rows.device)
        likelihood = logits[row, at].log_softmax(-1)
        scores.append(float(likelihood[torch.arange(len(end)), torch.tensor(end, device=rows.device)].sum()))
    return scores


def _last_logits(model: Any, ids: Sequence[int]) -> Any:
    """Log-likelihoods of every token behind `ids`, (vocabulary,)."""
    import torch

    with torch.inference_mode():
        return model(input_ids=torch.tensor([ids], device=model.device)).logits[0, -1].float().log_softmax(-1).cpu()
