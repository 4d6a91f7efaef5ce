"""Runs the embedded LlamaForCausalLM with numpy: greedy or sampled answers for many sentences in one batch.

Used wherever `model="tiny"`. Why not transformers' generate: importing it takes seconds, a drawing is then over; a test holds the
logits equal to transformers'. Rule: the prompt is read once however many samples are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray
MAX_POSITIONS = 1024


@dataclass(frozen=True)
class _Layer:
    attention_norm: Array
    query_key_value: Array
    output: Array
    feed_forward_norm: Array
    gate_up: Array
    down: Array


@dataclass
class Cache:
    """Keys and values of every layer, (layers, rows, heads, positions, head width), and how many positions each row has."""

    keys: Array
    values: Array
    lengths: Array

    def repeat(self, count: int) -> Cache:
        """Every row `count` times, for samples that share their prompt."""
        return Cache(self.keys.repeat(count, axis=1), self.values.repeat(count, axis=1), self.lengths.repeat(count))


class TinyDecoder:
    """Weights of a small Llama (as many key-value heads as heads) read from a folder with config.json and model.safetensors."""

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file

        config = json.loads((folder / "config.json").read_text())
        weights = {name: value.astype(np.float32) for name, value in load_file(folder / "model.safetensors").items()}
        self.heads: int = config["num_attention_heads"]
        self.width: int = config["hidden_size"]
        self.epsilon: float = config["rms_norm_eps"]
        self.embedding = weights["model.embed_tokens.weight"]
        self.logit_weights = np.ascontiguousarray(self.embedding.T)
        self.final_norm = weights["model.norm.weight"]
        self.layers = [self._layer(weights, f"model.layers.{i}.") for i in range(config["num_hidden_layers"])]
        theta = (config.get("rope_parameters") or config)["rope_theta"]
        half = self.width // self.heads // 2
        angles = np.arange(MAX_POSITIONS)[:, None] * theta ** (-np.arange(half) / half)
        self.cosine, self.sine = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)

    @staticmethod
    def _layer(weights: dict[str, Array], prefix: str) -> _Layer:
        def transposed(*names: str) -> Array:
            return np.ascontiguousarray(np.concatenate([weights[f"{prefix}{name}.weight"] for name in names]).T)

        return _Layer(
            weights[prefix + "input_layernorm.weight"],
            transposed("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
            transposed("self_attn.o_proj"),
            weights[prefix + "post_attention_layernorm.weight"],
            transposed("mlp.gate_proj", "mlp.up_proj"),
            transposed("mlp.down_proj"),
        )

    def empty_cache(self, rows: int, positions: int) -> Cache:
        shape = (len(self.layers), rows, self.heads, positions, self.width // self.heads)
        return Cache(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(rows, np.int64))

    def step(self, ids: Array, cache: Cache, counts: Array) -> Array:
        """Reads ids (rows, new positions), right-padded to `counts` a row; returns logits (rows, vocabulary) after the last.

        The cache is written in place: row r at its own length, which grows by counts[r].
        """
        rows, new = ids.shape
        positions = cache.lengths[:, None] + np.arange(new)
        until = int(cache.lengths.max()) + new
        cosine, sine = self.cosine[positions][:, None], self.sine[positions][:, None]
        visible = np.arange(until) <= positions[:, :, None]
        bias = np.where(visible, 0.0, -1e9).astype(np.float32)[:, None]
        hidden = self.embedding[ids]
        row_index = np.arange(rows)[:, None]
        head_width = self.width // self.heads
        for number, layer in enumerate(self.layers):
            mixed = self._norm(hidden, layer.attention_norm) @ layer.query_key_value
            query, key, value = mixed.reshape(rows, new, 3, self.heads, head_width).transpose(2, 0, 3, 1, 4)
            query, key = _rotate(query, cosine, sine), _rotate(key, cosine, sine)
            keys, values = cache.keys[number], cache.values[number]
            keys[row_index, :, positions] = key.transpose(0, 2, 1, 3)
            values[row_index, :, positions] = value.transpose(0, 2, 1, 3)
            scores = query @ keys[:, :, :until].swapaxes(2, 3) / np.float32(head_width**0.5) + bias
            attended = _softmax(scores) @ values[:, :, :until]
            hidden = hidden + attended.transpose(0, 2, 1, 3).reshape(rows, new, self.width) @ layer.output
            gate, up = np.split(self._norm(hidden, layer.feed_forward_norm) @ layer.gate_up, 2, axis=-1)
            hidden = hidden + (gate / (1 + np.exp(-gate)) * up) @ layer.down
        cache.lengths += counts
        last = hidden[np.arange(rows), counts - 1]
        return self._norm(last, self.final_norm) @ self.logit_weights

    def _norm(self, hidden: Array, weight: Array) -> Array:
        return hidden / np.sqrt(np.mean(hidden * hidden, axis=-1, keepdims=True) + self.epsilon) * weight

    def answer(
        self,
        prompts: Sequence[Sequence[int]],
        end_id: int,
        count: int = 1,
        temperature: float = 0.0,
        seed: int = 0,
        max_new_tokens: int = 320,
        mask_of: Callable[[int, list[int]], Array] | None = None,
    ) -> list[list[int]]:
        """Answer ids for every prompt, `count` each, in order; an answer that was closed ends with `end_id`.

        Temperature 0 is greedy. `mask_of(row, ids so far)` may give the allowed tokens (vocabulary,) of a row.
        """
        longest = max(map(len, prompts))
        lengths = np.array([len(prompt) for prompt in prompts])
        ids = np.zeros((len(prompts), longest), np.int64)
        for row, prompt in enumerate(prompts):
            ids[row, : len(prompt)] = prompt
        positions = min(longest + max_new_tokens, MAX_POSITIONS)
        cache = self.empty_cache(len(prompts), positions)
        logits = self.step(ids, cache, lengths).repeat(count, axis=0)
        cache = cache.repeat(count)
        random = np.random.default_rng(seed)
        answers: list[list[int]] = [[] for _ in range(len(logits))]
        active = np.arange(len(logits))
        for _ in range(positions - longest):
            if mask_of is not None:
                for place, row in enumerate(active.tolist()):
                    logits[place, ~mask_of(row, answers[row])] = -np.inf
            chosen = _choose(logits, temperature, random)
            for row, token in zip(active.tolist(), chosen.tolist(), strict=True):
                answers[row].append(token)
            going = chosen != end_id
            if not going.any():
                break
            if not going.all():
                active, chosen = active[going], chosen[going]
                cache = Cache(cache.keys[:, going], cache.values[:, going], cache.lengths[going])
            logits = self.step(chosen[:, None], cache, np.ones(len(chosen), np.int64))
        return answers


def _rotate(heads: Array, cosine: Array, sine: Array) -> Array:
    """Rotary position embedding, halves paired as transformers' Llama pairs them."""
    first, second = np.split(heads, 2, axis=-1)
    return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)


def _softmax(scores: Array) -> Array:
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def _choose(logits: Array, temperature: float, random: np.random.Generator) -> Array:
    """One token a row: the most likely, or a draw (by the Gumbel trick) at a temperature."""
    if temperature <= 0:
        return logits.argmax(axis=-1)
    return (logits / temperature + random.gumbel(size=logits.shape)).argmax(axis=-1)


def load_decoder(folder: Path, vocabulary: str = "vocabulary.json", command: str = "train") -> Any:
    """The decoder of a model folder. Raises FileNotFoundError naming what is missing and the command that makes such a model."""
    for name in ("config.json", "model.safetensors", vocabulary):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"{folder} has no {name}: not an embedded model; make one with `python -m diaglib {command} --out {folder}`"
            )
    return TinyDecoder(folder)
