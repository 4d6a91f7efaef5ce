"""Trains the encoder `local` on our lines: n-gram embedding, key and word model, memory side, judge. Used by `diaglib memory
train` and notebook 06.

Rule: the judge, which mixes the evidence, learns only from keys and wordings that its embedding was not trained on.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from diaglib.memory.encoder_local import LocalEncoder
from diaglib.memory.lines import Topic
from diaglib.memory.ngrams import BUCKETS, ngram_ids, overlap_ids
from diaglib.memory.pairs import Line, key_words, targets

if TYPE_CHECKING:
    import numpy as np

OPENERS = ("", "", "", "", "", "야 ", "근데 ", "있잖아 ", "아 ", "저기 ", "자기야 ", "언니 ", "오빠 ", "그나저나 ", "아 맞다 ", "혹시 ")
CLOSERS = ("", "", "", "", "", "ㅋㅋ", " ㅎㅎ", " ㅠㅠ", "~", "!", "...", " 응?", " 말해 줘", " 궁금해")
POLITE = (("어?", "어요?"), ("야?", "예요?"), ("지?", "죠?"), ("해?", "하세요?"), ("까?", "까요?"), ("며", "면서요"), ("더라", "더라고요"))


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Sizes of a training: `width` of the embedding, `epochs` over fresh wordings, `batch_size` in lines, `folds` for the judge."""

    width: int = 96
    epochs: int = 30
    batch_size: int = 128
    learning_rate: float = 4e-3
    weight_decay: float = 0.02
    gram_dropout: float = 0.3
    values_per_message: int = 3
    folds: int = 4
    judge_width: int = 24
    judge_steps: int = 600
    seed: int = 0


def vary(message: str, rng: random.Random) -> str:
    """The message as another friend would type it: with an opening, a closing, politer, a word less."""
    if rng.random() < 0.25:
        ending = next((pair for pair in POLITE if message.endswith(pair[0])), None)
        if ending:
            message = message[: -len(ending[0])] + ending[1]
    words = message.split(" ")
    if len(words) > 3 and rng.random() < 0.2:
        words.pop(rng.randrange(len(words)))
    message = " ".join(words)
    if rng.random() < 0.15:
        message = message.rstrip("?")
    return rng.choice(OPENERS) + message + rng.choice(CLOSERS)


def train_embedding(
    topics: Sequence[Topic], chat: Sequence[str], settings: TrainingSettings, history: list[dict[str, float]] | None = None
) -> LocalEncoder:
    """Embedding, key model, word model and memory side on those topics; the judge still mixes nothing (see `fit_judge`)."""
    import numpy as np
    import torch
    import torch.nn.functional as F

    rng = random.Random(settings.seed)
    torch.manual_seed(settings.seed)
    keys = [topic.key for topic in topics]
    words = sorted({word for key in keys for word in key_words(key)})
    key_place = {key: place for place, key in enumerate(keys)}
    in_key = torch.tensor([[float(word in key_words(key)) for word in words] for key in [*keys, ""]])
    overlap = torch.tensor(targets(keys, keys), dtype=torch.float32)
    width = settings.width
    table = torch.nn.EmbeddingBag(BUCKETS, width, mode="sum")
    torch.nn.init.normal_(table.weight, std=0.02)
    heads = torch.nn.ModuleDict(
        {
            "key_out": torch.nn.Linear(width, len(keys) + 1),
            "word_out": torch.nn.Linear(width, len(words)),
            "message_in": torch.nn.Linear(width, width, bias=False),
            "key_in": torch.nn.Linear(width, width, bias=False),
            "value_in": torch.nn.Linear(width, width, bias=False),
        }
    )
    parameters = [*table.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, settings.learning_rate, weight_decay=settings.weight_decay)
    with_value: dict[str, set[int]] = {}
    for topic in topics:
        for value in topic.values:
            with_value.setdefault(value, set()).add(key_place[topic.key])
    values = sorted(with_value)

    def embed(texts: Sequence[str], dropout: float = settings.gram_dropout) -> Any:
        flat, starts = [], []
        scale = []
        for text in texts:
            ids = ngram_ids(text)
            kept = [bucket for bucket in ids if rng.random() >= dropout] or ids or [0]
            starts.append(len(flat))
            flat += kept
            scale.append(len(kept) ** -0.5)
        return table(torch.tensor(flat), torch.tensor(starts)) * torch.tensor(scale)[:, None]

    steps_an_epoch = (sum(len(topic.messages) for topic in topics) * 2) // settings.batch_size + 1
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=settings.epochs * (steps_an_epoch + 40), pct_start=0.1
    )
    for epoch in range(settings.epochs):
        lines = [line for topic in topics for line in topic.lines(rng, settings.values_per_message)]
        small_talk = rng.choices(list(chat), k=max(1, len(lines) // 12))
        rows = [(line.key, line.value, vary(line.message, rng)) for line in lines]
        rows += [("", "", vary(message, rng)) for message in small_talk]
        rng.shuffle(rows)
        total = 0.0
        batches = [rows[at : at + settings.batch_size] for at in range(0, len(rows), settings.batch_size)]
        for batch in batches:
            place = torch.tensor([key_place.get(key, len(keys)) for key, _, _ in batch])
            hidden = embed([message for _, _, message in batch])
            loss = F.cross_entropy(heads["key_out"](hidden), place, label_smoothing=0.05)
            loss = loss + 4 * F.binary_cross_entropy_with_logits(heads["word_out"](hidden), in_key[place])
            told = [row for row in batch if row[0]]
            memory_keys = [_part_of_key(key, rng) for key, _, _ in told]
            memory_values = [value if rng.random() < 0.8 else "" for _, value, _ in told]
            memory = heads["key_in"](embed(memory_keys)) + heads["value_in"](embed(memory_values))
            cosine = F.normalize(heads["message_in"](hidden)) @ F.normalize(memory).T
            columns = torch.tensor([key_place[key] for key, _, _ in told])
            padded = torch.cat([overlap, torch.zeros(1, len(keys))])
            wanted = padded[place][:, columns]
            loss = loss + 2 * F.mse_loss(cosine, wanted)
            same = (wanted == 1).float()
            asked = same.sum(1) > 0
            chance = F.log_softmax(cosine[asked] * 12, dim=1)
            loss = loss + 0.5 * -(chance * same[asked] / same[asked].sum(1, keepdim=True)).sum(1).mean()
            some = rng.sample(values, min(32, len(values)))
            truth = torch.zeros(len(some), len(keys) + 1)
            for row, value in enumerate(some):
                truth[row, list(with_value[value])] = 1 / len(with_value[value])
            loss = loss + 0.3 * F.cross_entropy(heads["key_out"](embed(some)), truth)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            if schedule.last_epoch < schedule.total_steps - 1:
                schedule.step()
            total += float(loss.detach())
        if history is not None:
            history.append({"epoch": epoch + 1, "loss": total / len(batches)})
    arrays = {"embedding": table.weight, "key_bias": heads["key_out"].bias, "word_bias": heads["word_out"].bias}
    arrays |= {name: head.weight for name, head in heads.items()}
    known = {name: array.detach().numpy() for name, array in arrays.items()}
    known["rarity"] = _rarity([line for topic in topics for line in topic.lines(rng, 100)], chat)
    return LocalEncoder({name: np.asarray(array) for name, array in known.items()}, keys, words)


def _part_of_key(key: str, rng: random.Random) -> str:
    """A key, at times with a word missing: a key never seen shares only some words with those known."""
    words = key.split(" ")
    if rng.random() < 0.3:
        words.pop(rng.randrange(len(words)))
    return " ".join(words)


def _rarity(lines: Sequence[Line], chat: Sequence[str]) -> np.ndarray:
    """Weight of a bucket of `overlap_ids`: log of how rarely it occurs, (BUCKETS,)."""
    import numpy as np

    texts = [*{line.message for line in lines}, *{line.memory for line in lines}, *chat]
    counts = np.zeros(BUCKETS)
    for text in texts:
        counts[overlap_ids(text)] += 1
    return np.log((len(texts) + 1) / (counts + 1)).astype(np.float32)


def held_out_features(
    topics: Sequence[Topic], chat: Sequence[str], settings: TrainingSettings
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Features and targets, (memories, messages, …), of stores with keys and wordings an embedding was not trained on.

    Each fold leaves out a share of the keys, of the other keys some wordings, and some chit-chat; its stores mix them.
    """
    import numpy as np

    rng = random.Random(settings.seed + 1)
    order = list(topics)
    rng.shuffle(order)
    small_talk = list(chat)
    rng.shuffle(small_talk)
    found = []
    for fold in range(settings.folds):
        out = order[fold :: settings.folds]
        rest, late = [], []
        for topic in order:
            if topic in out:
                continue
            messages = list(topic.messages)
            rng.shuffle(messages)
            cut = max(1, len(messages) // 4)
            rest.append(replace(topic, messages=tuple(messages[cut:])))
            late.append(replace(topic, messages=tuple(messages[:cut]), of_one_value=()))
        silent = small_talk[fold :: settings.folds]
        encoder = train_embedding(rest, [row for row in small_talk if row not in silent], settings)
        unseen = [line for topic in out for line in topic.lines(rng)]
        unseen_wording = [line for topic in late for line in topic.lines(rng)]
        for _ in range(12):
            store = rng.sample(unseen, 20) + rng.sample(unseen_wording, 40)
            messages = [line.message for line in store] + rng.sample(silent, 12)
            truth = np.zeros((len(store), len(messages)))
            truth[:, : len(store)] = targets([line.key for line in store], [line.key for line in store])
            found.append((encoder.features([line.memory for line in store], messages), truth))
    return found


def fit_judge(encoder: LocalEncoder, examples: Sequence[tuple[np.ndarray, np.ndarray]], settings: TrainingSettings) -> LocalEncoder:
    """The encoder with a judge: a layer of tanh and a sigmoid that give the expected target of features, fitted by cross-entropy."""
    import numpy as np
    import torch
    import torch.nn.functional as F

    torch.manual_seed(settings.seed)
    inputs = np.concatenate([features.reshape(-1, features.shape[-1]) for features, _ in examples])
    wanted = torch.tensor(np.concatenate([truth.ravel() for _, truth in examples]), dtype=torch.float32)
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
    scaled = torch.tensor((inputs - mean) / scale, dtype=torch.float32)
    layer = torch.nn.Linear(inputs.shape[1], settings.judge_width)
    out = torch.nn.Linear(settings.judge_width, 1)
    optimizer = torch.optim.AdamW([*layer.parameters(), *out.parameters()], 1e-2, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=settings.judge_steps)
    for _ in range(settings.judge_steps):
        rows = torch.randint(0, len(scaled), (4_096,))
        loss = F.binary_cross_entropy_with_logits(out(torch.tanh(layer(scaled[rows])))[:, 0], wanted[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    judge = {
        "judge_mean": mean,
        "judge_scale": scale,
        "judge_in": layer.weight.detach().numpy().T,
        "judge_bias": layer.bias.detach().numpy(),
        "judge_out": out.weight.detach().numpy()[0],
        "judge_out_bias": out.bias.detach().numpy(),
    }
    return LocalEncoder(encoder.arrays | judge, encoder.keys, encoder.words, encoder.threshold)
