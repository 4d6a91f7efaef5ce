"""The n-gram embedding as a module of sentence-transformers: what `StaticEmbedding` is, for Korean and without a vocabulary.

Used wherever a SentenceTransformer is wanted. Rule: the same n-grams as at query time.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import torch
from safetensors.torch import save_file
from sentence_transformers.base.modules import InputModule
from torch import nn

from diaglib.memory.ngrams import BUCKETS, ngram_ids


class NgramEmbedding(InputModule):
    """Sum of the rows of a text's hashed n-grams over the root of their number, (texts, width)."""

    config_keys = ["width"]  # noqa: RUF012 - the base class declares it as a list

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.width = width
        self.embedding = nn.EmbeddingBag(BUCKETS, width, mode="sum")
        nn.init.normal_(self.embedding.weight, std=0.02)

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **kwargs: Any) -> dict[str, torch.Tensor]:
        """Buckets of all texts in one row, and where each text starts."""
        flat: list[int] = []
        starts = []
        for text in inputs:
            starts.append(len(flat))
            flat += ngram_ids(f"{prompt or ''}{text}")
        return {"input_ids": torch.tensor(flat, dtype=torch.long), "offsets": torch.tensor(starts, dtype=torch.long)}

    def forward(self, features: dict[str, torch.Tensor], **kwargs: Any) -> dict[str, torch.Tensor]:
        """Adds `sentence_embedding`."""
        ids, starts = features["input_ids"], features["offsets"]
        counts = torch.diff(starts, append=starts.new_tensor([len(ids)]))  # a text without words has one, too
        features["sentence_embedding"] = self.embedding(ids, starts) / counts.sqrt()[:, None]
        return features

    def get_embedding_dimension(self) -> int:
        return self.width

    @property
    def max_seq_length(self) -> None:
        return None

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Weights and width into a folder; safetensors always."""
        save_file(self.state_dict(), os.path.join(output_path, "model.safetensors"))
        self.save_config(output_path)

    @classmethod
    def load(cls, model_name_or_path: str, **kwargs: Any) -> NgramEmbedding:
        """The module of a folder that `save` wrote."""
        module = cls(**cls.load_config(model_name_or_path))
        module.load_state_dict(cls.load_torch_weights(model_name_or_path))
        return module
