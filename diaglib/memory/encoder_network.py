"""What learns in the training of `local`, in torch: the embedding of texts, and the heads that answer from it.

Used by `encoder_training` alone. Rule: `encoder_reader` does the same in numpy from the arrays this gives.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diaglib.memory.encoder_reader import WORD_SCALE
from diaglib.memory.encoder_wordings import part_of_key
from diaglib.memory.lines import Topic
from diaglib.memory.ngrams import BUCKETS, word_ids
from diaglib.memory.pairs import Line, key_words

if TYPE_CHECKING:
    import numpy as np

WINDOW_WIDTH = 64  # what is looked for in three words beside each other
MIX_WIDTH = 96
# beside the key's cross-entropy, 1.0
LOSS_WEIGHTS = {"words": 4.0, "expected": 16.0, "cosine": 2.0, "contrast": 0.5, "values": 0.3, "subjects": 1.0}
CONTRAST_SCALE = 12.0
VALUES_A_STEP = 32
SHARE_OF_VALUES_SEEN = 0.8
REFERENCE_VALUES = 500  # values whose suiting a message is compared with
HIDDEN_HEADS = ("message_in", "key_in", "value_in", "message_subject", "value_subject")
MESSAGES_OF_A_KNOWN_KEY = 4
KEYS_OF_A_WORD = 3
_NO_KEY = -100  # cross_entropy passes over it


def known_keys(topics: Sequence[Topic]) -> tuple[str, ...]:
    """The keys of which enough is said to tell them by it, in order."""
    said: Counter[str] = Counter()
    for topic in topics:
        said[topic.key] += topic.message_count or len(topic.values)  # words go with each
    return tuple(sorted(key for key, count in said.items() if count >= MESSAGES_OF_A_KNOWN_KEY))


class TextEmbedding(nn.Module):
    """Texts as vectors, (texts, width): the sum of the rows of their n-grams over the root of their number, and what a layer
    makes of it and of the strongest answers of windows of three words (Kim 2014).

    While it trains, every n-gram is left out with the chance `gram_dropout`, so that no single one decides.
    """

    def __init__(self, width: int, gram_dropout: float) -> None:
        super().__init__()
        self.gram_dropout = gram_dropout
        # rows that a batch does not touch stay as they are: many times faster than a dense step over all buckets
        self.table = nn.EmbeddingBag(BUCKETS, width, mode="sum", sparse=True)
        nn.init.normal_(self.table.weight, std=0.02)
        self.window = nn.Linear(3 * width, WINDOW_WIDTH)
        self.mix_in = nn.Linear(width + WINDOW_WIDTH, MIX_WIDTH)
        self.mix_out = nn.Linear(MIX_WIDTH, width)

    def forward(self, texts: Sequence[str]) -> Tensor:
        words = [(row, ids) for row, text in enumerate(texts) for ids in word_ids(text)]
        flat = torch.tensor([bucket for _, ids in words for bucket in ids])
        lengths = torch.tensor([len(ids) for _, ids in words])
        owner = torch.tensor([row for row, _ in words])
        shares = torch.ones(len(flat))
        if self.training and self.gram_dropout:
            shares = (torch.rand(len(flat)) >= self.gram_dropout).float()
        of_words = self.table(flat, lengths.cumsum(0) - lengths, per_sample_weights=shares)
        counts = torch.zeros(len(texts)).index_add(0, owner.repeat_interleave(lengths), shares).clamp(min=1)
        whole = torch.zeros(len(texts), of_words.shape[1]).index_add(0, owner, of_words) / counts.sqrt()[:, None]
        near = of_words * WORD_SCALE
        together = (owner[1:] == owner[:-1])[:, None]  # a word and the next are of one text
        before = F.pad(near[:-1] * together, (0, 0, 1, 0))
        after = F.pad(near[1:] * together, (0, 0, 0, 1))
        seen = torch.relu(self.window(torch.cat([near, before, after], dim=1)))
        most = torch.zeros(len(texts), WINDOW_WIDTH).scatter_reduce(0, owner[:, None].expand_as(seen), seen, "amax")
        return whole + self.mix_out(torch.tanh(self.mix_in(torch.cat([whole, most], dim=1))))


class Network:
    """Embedding and heads, and the tables their targets come from.

    The known `keys` have a class each, and one more class is no memory at all; of the others only their words are learnt.
    """

    def __init__(self, topics: Sequence[Topic], width: int, gram_dropout: float) -> None:
        self.keys = known_keys(topics)
        every = sorted({topic.key for topic in topics})
        having = Counter(word for key in every for word in key_words(key))
        of_known = {word for key in self.keys for word in key_words(key)}
        self.words = sorted(of_known | {word for word, count in having.items() if count >= KEYS_OF_A_WORD})
        self.place = {key: place for place, key in enumerate(self.keys)}
        self._row = {key: row for row, key in enumerate([*every, ""])}
        vocabulary = {word: place for place, word in enumerate(sorted(having))}
        self._words = torch.zeros(len(every) + 1, len(vocabulary))  # the last key has none: no memory
        for row, key in enumerate(every):
            self._words[row, [vocabulary[word] for word in key_words(key)]] = 1
        self._known_words = self._words[[self._row[key] for key in [*self.keys, ""]]]
        self._word_columns = torch.tensor([vocabulary[word] for word in self.words])
        self.with_value: dict[str, set[int]] = {}
        for topic in topics:
            for value in topic.values:
                self.with_value.setdefault(value, set())
                if topic.key in self.place:
                    self.with_value[value].add(self.place[topic.key])
        self.values = sorted(self.with_value)
        self.value_place = {value: place for place, value in enumerate(self.values)}
        self._suggesting = [value for value in self.values if self.with_value[value]]
        self.embed = TextEmbedding(width, gram_dropout)
        self.heads = nn.ModuleDict(
            {
                "key_out": nn.Linear(width, len(self.keys) + 1),
                "word_out": nn.Linear(width, len(self.words)),
                **{name: nn.Linear(width, width, bias=False) for name in HIDDEN_HEADS},
            }
        )

    def parameters(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """The rows of the n-grams, and everything else."""
        table = self.embed.table.weight
        return [table], [one for one in [*self.embed.parameters(), *self.heads.parameters()] if one is not table]

    def loss(self, batch: Sequence[Line], rng: random.Random) -> Tensor:
        """Which key, which of its words, what overlap with every memory of the batch is to be expected by the key and by the
        cosine, which of its values is spoken of, and which keys a bare value suggests."""
        told = [line for line in batch if line.key]
        some = rng.sample(self._suggesting, min(VALUES_A_STEP, len(self._suggesting)))
        parts = [
            [line.message for line in batch],
            [part_of_key(line.key, rng) for line in told],
            [line.value if rng.random() < SHARE_OF_VALUES_SEEN else "" for line in told],
            [line.value for line in told],
            some,
        ]
        embedded = self.embed([text for part in parts for text in part])
        hidden, of_keys, of_values, of_told, of_some = embedded.split([len(part) for part in parts])
        place = torch.tensor([self.place.get(line.key, _NO_KEY) if line.key else len(self.keys) for line in batch])
        row = torch.tensor([self._row[line.key] for line in batch])
        scores = self.heads["key_out"](hidden)
        loss = F.cross_entropy(scores, place, label_smoothing=0.05)
        in_key = self._words[row][:, self._word_columns]
        by_words = F.binary_cross_entropy_with_logits(self.heads["word_out"](hidden), in_key)
        memory = self.heads["key_in"](of_keys) + self.heads["value_in"](of_values)
        cosine = F.normalize(self.heads["message_in"](hidden)) @ F.normalize(memory).T
        has_key = torch.tensor([bool(line.key) for line in batch])
        wanted = _overlap(self._words[row], self._words[row[has_key]])
        expected = scores.softmax(dim=1) @ _overlap(self._known_words, self._words[row[has_key]])
        same = (wanted == 1).float()
        contrast = _right_ones(cosine[has_key], same[has_key])
        speaking = F.normalize(self.heads["message_subject"](hidden[has_key]))
        subjects = speaking @ F.normalize(self.heads["value_subject"](of_told)).T
        value = torch.tensor([self.value_place[line.value] for line in told])
        by_subjects = _right_ones(subjects, (value[:, None] == value[None]).float())
        suggested = torch.zeros(len(some), len(self.keys) + 1)
        for target, name in zip(suggested, some, strict=True):
            target[list(self.with_value[name])] = 1 / len(self.with_value[name])
        by_values = F.cross_entropy(self.heads["key_out"](of_some), suggested)
        weights = LOSS_WEIGHTS
        return (
            loss
            + weights["words"] * by_words
            + weights["expected"] * F.mse_loss(expected, wanted)
            + weights["cosine"] * F.mse_loss(cosine, wanted)
            + weights["contrast"] * contrast
            + weights["values"] * by_values
            + weights["subjects"] * by_subjects
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything learnt, by the names that `Reader` knows, of one member."""
        named = {name: head.weight for name, head in self.heads.items()}
        named |= {"key_bias": self.heads["key_out"].bias, "word_bias": self.heads["word_out"].bias}
        named |= {"embedding": self.embed.table.weight}
        for name in ("window", "mix_in", "mix_out"):
            layer = getattr(self.embed, name)
            named |= {name: layer.weight, f"{name}_bias": layer.bias}
        arrays = {name: array.detach().numpy()[None] for name, array in named.items()}
        self.embed.eval()
        with torch.no_grad():
            some = self.values[:: max(1, len(self.values) // REFERENCE_VALUES)]
            subjects = F.normalize(self.heads["value_subject"](self.embed(some)))
        return arrays | {"value_subjects": subjects.numpy()}


def _overlap(ours: Tensor, theirs: Tensor) -> Tensor:
    """`pairs.target` of keys by their words, (ours, theirs); 0 for what has none."""
    shared = ours @ theirs.T
    return shared / (ours.sum(1)[:, None] + theirs.sum(1)[None] - shared).clamp(min=1)


def _right_ones(cosines: Tensor, right: Tensor) -> Tensor:
    """Contrastive loss: every row should choose among the columns those that are 1 in `right` (van den Oord et al. 2018)."""
    chances = F.log_softmax(cosines * CONTRAST_SCALE, dim=1)
    return -(chances * right / right.sum(1, keepdim=True)).sum(1).mean()
