"""What learns in torch is what is asked in numpy; keys that little is said of have no class of their own."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from diaglib.memory.encoder_network import MESSAGES_OF_A_KNOWN_KEY, Network, TextEmbedding, _overlap, known_keys
from diaglib.memory.encoder_reader import Reader
from diaglib.memory.encoder_said import said_arrays
from diaglib.memory.lines import Topic
from diaglib.memory.ngrams import BUCKETS
from diaglib.memory.pairs import Line, targets

ENOUGH = tuple(f"말 {number}" for number in range(MESSAGES_OF_A_KNOWN_KEY))
TOPICS = [
    Topic(0, "오늘 일정", ("시험", "치과"), ENOUGH),
    Topic(0, "취미", ("독서",), ENOUGH[:2]),
    Topic(1, "취미", ("낚시",), ENOUGH[2:]),
    Topic(0, "좋아하는 우유", ("딸기우유",), ("매점 갈래",)),
]
BATCH = [Line("오늘 일정", "시험", "떨려"), Line("좋아하는 우유", "딸기우유", "매점 갈래"), Line("", "", "안녕")]


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    network = Network(TOPICS, width=12, gram_dropout=0.5)
    with torch.no_grad():
        network.embed.table.weight.mul_(30)  # as large as after a training
    return network


@pytest.mark.parametrize("text", ["오늘 뭐 먹지 배고파", "나 내일 시험인데 어떡해!! ㅠㅠㅠ", "밥", "", "🎂"])
def test_the_reader_embeds_as_the_network_does(network: Network, text: str) -> None:
    arrays = network.arrays() | {"rarity": np.ones(BUCKETS, np.float32)} | said_arrays(BATCH, network.keys)
    reader = Reader(arrays, network.keys, network.words)
    with torch.no_grad():
        hidden = network.embed(["다른 말 하나", text])[1]
        of_keys = network.heads["key_out"](hidden).softmax(dim=0)
    assert reader.message(text).keys == pytest.approx(of_keys.numpy(), abs=1e-5)


def test_a_text_is_read_alike_whatever_stands_beside_it(network: Network) -> None:
    embed = network.embed.eval()
    alone = embed(["우유 사 갈까"])[0]
    assert torch.allclose(embed(["", "우유 사 갈까", "응"])[1], alone, atol=1e-6)
    assert not torch.allclose(embed(["갈까 사 우유"])[0], alone, atol=1e-3)


def test_n_grams_are_left_out_only_while_it_trains() -> None:
    embed = TextEmbedding(width=8, gram_dropout=0.5)
    asked = ["오늘 저녁에 뭐 먹을까"]
    assert not torch.equal(*(embed.train()(asked) for _ in range(2)))
    assert torch.equal(*(embed.eval()(asked) for _ in range(2)))


def test_a_key_with_few_messages_is_known_by_its_words_alone(network: Network) -> None:
    assert known_keys(TOPICS) == network.keys == ("오늘 일정", "취미")
    assert known_keys([Topic(-1, "별명", tuple(ENOUGH), ())]) == ("별명",)  # words go with every value
    loss = network.loss(BATCH, random.Random(0))
    loss.backward()
    assert torch.isfinite(loss)
    assert all(parameter.grad is not None for parameter in network.heads.parameters())


def test_overlaps_are_the_published_targets(network: Network) -> None:
    keys = [topic.key for topic in TOPICS]
    rows = network._words[[network._row[key] for key in keys]]
    assert _overlap(rows, rows).numpy() == pytest.approx(targets(keys, keys), abs=1e-4)
