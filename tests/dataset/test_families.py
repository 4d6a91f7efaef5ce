"""The families the published generator lacks: every sampled plan is valid and told by its sentence."""

from __future__ import annotations

import random
import re

import pytest

from diaglib.dataset import encoder_decoders, pipelines, recurrent, transformers
from diaglib.dataset.everyday_words import KIND_NOUNS, NOUN_KIND, WORK_NOUNS
from diaglib.dataset.words import spell
from diaglib.diagram import Plan
from diaglib.diagram.kinds import SPATIAL_KINDS

FAMILIES = (transformers, encoder_decoders, recurrent, pipelines)
ROWS = {module: [module.sample(random.Random(f"{module.FAMILY}{i}")) for i in range(2000)] for module in FAMILIES}
family = pytest.mark.parametrize("module", FAMILIES, ids=lambda module: module.FAMILY)
MOST_WORDS = 90
SPELLED = {spell(number): number for number in range(10_000)}


def stated_numbers(sentence: str) -> set[int]:
    """Numbers of a sentence, in digits or words; a spelled-out number counts with each of its beginnings and parts."""
    text = sentence.lower()
    found = {int(digits.replace(",", "")) for digits in re.findall(r"\d{1,3}(?:,\d{3})+(?!\d)", text)}
    found |= set(map(int, re.findall(r"\d+", text)))
    words = re.findall(r"[a-z]+(?:-[a-z]+)?|[a-z]+", text)
    for start in range(len(words)):
        for end in range(start + 1, min(start + 7, len(words) + 1)):
            spoken = " ".join(words[start:end])
            for part in (spoken, spoken.split("-")[0]):
                if part in SPELLED:
                    found.add(SPELLED[part])
    if "dozen" in text:
        found.add(12)
    if re.search(r"\b(single|an?|each|the)\b", text):
        found.add(1)
    return found | ({2} if re.search(r"\b(pair|couple)\b", text) else set())


@family
def test_plans_are_valid_and_complete(module) -> None:
    """No problems, at most 40 nodes, nothing left that `Plan.of` would fill in."""
    for sentence, plan in ROWS[module]:
        assert plan.problems() == [], sentence
        assert 2 <= len(plan.nodes) <= 40, sentence
        assert Plan.of(plan.nodes) == plan, sentence
        assert plan.family == ("flowchart" if module is pipelines else "network")


@family
def test_plans_survive_their_text_form(module) -> None:
    for _, plan in ROWS[module][:400]:
        assert Plan.from_text(plan.to_text()) == plan


@family
def test_same_seed_same_rows(module) -> None:
    first, again = ([module.sample(rng) for _ in range(50)] for rng in (random.Random(7), random.Random(7)))
    assert first == again
    assert first != [module.sample(rng) for rng in [random.Random(8)] for _ in range(50)]


@family
def test_sentences_vary(module) -> None:
    """Hardly two sentences alike, and no sentence too long to be one."""
    sentences = [sentence for sentence, _ in ROWS[module]]
    assert len(set(sentences)) > 1900
    assert all(1 <= len(sentence.split()) <= MOST_WORDS for sentence in sentences)
    assert len({plan.to_text() for _, plan in ROWS[module]}) > 1000


@family
def test_labels_are_said_or_documented(module) -> None:
    """A label stands in the sentence word for word, or is one of the family's default labels."""
    for sentence, plan in ROWS[module]:
        for node in plan.nodes:
            if node.label not in module.DEFAULT_LABELS:
                assert re.search(rf"(?<!\w){re.escape(node.label)}(?!\w)", sentence, re.IGNORECASE), (node.label, sentence)
                assert 1 <= len(node.label.split()) <= 4
                assert node.label.split()[0].lower() not in {"the", "a", "an", "our", "my"}, (node.label, sentence)


@pytest.mark.parametrize("module", FAMILIES[:3], ids=lambda module: module.FAMILY)
def test_numbers_are_said(module) -> None:
    """Sizes, filters, heads and kernels are numbers of the sentence, but for map sides and default kernels that follow."""
    for sentence, plan in ROWS[module]:
        said = stated_numbers(sentence)
        first_map_side = plan.nodes[0].size
        for node in plan.nodes:
            if node.size is not None and not (node.kind in SPATIAL_KINDS and node.size != first_map_side):
                assert node.size in said, (node, sentence)
            assert node.heads is None or node.heads in said, (node, sentence)
            assert node.kernel in {None, 2, 3} | said, (node, sentence)
            if node.filters is not None and "doubl" not in sentence.lower():
                assert node.filters in said, (node, sentence)


def test_kinds_of_nodes_follow_the_last_word() -> None:
    """Outside decisions and deeds, a noun phrase has the kind of its last word wherever it stands."""
    assert all(NOUN_KIND.get(noun.split()[-1], "process") == "process" for noun in WORK_NOUNS)
    for sentence, plan in ROWS[pipelines]:
        for node in plan.nodes:
            last = node.label.split()[-1]
            if node.kind not in {"decision", "process"}:
                assert last.lower() in {noun.lower() for noun in KIND_NOUNS[node.kind]}, (node, sentence)


def test_unet_stages_are_joined_by_skips() -> None:
    """Down stage i points to up stage L-1-i where the sentence says U-Net, to nothing else where it says no skips."""
    joined = 0
    for sentence, plan in ROWS[encoder_decoders]:
        down = [node for node in plan.nodes if node.kind == "down"]
        up = [node for node in plan.nodes if node.kind == "up"]
        if not down:
            continue
        assert [node.filters for node in down] == [node.filters for node in reversed(up)]
        skips = [len(node.links) > 1 for node in down]
        if re.search(r"u-?net", sentence, re.IGNORECASE):
            joined += 1
            assert all(up[-1 - i].id in node.links for i, node in enumerate(down)), sentence
        elif re.search("without skip|segnet", sentence, re.IGNORECASE):
            assert not any(skips), sentence
    assert joined > 200


def test_encoder_points_to_every_decoder() -> None:
    seen = 0
    for _, plan in ROWS[transformers]:
        encoders = [node for node in plan.nodes if node.kind == "encoder"]
        decoders = [node for node in plan.nodes if node.kind == "decoder"]
        if encoders and decoders:
            seen += 1
            assert {node.id for node in decoders} <= set(encoders[-1].links)
    assert seen > 100


def test_flows_have_decisions_forks_and_returns() -> None:
    plans = [plan for _, plan in ROWS[pipelines]]
    assert sum(any(node.kind == "decision" for node in plan.nodes) for plan in plans) > 250
    assert sum(any(len(node.links) > 1 and node.kind != "decision" for node in plan.nodes) for plan in plans) > 250
    assert sum(any(target < node.id for node in plan.nodes for target in node.links) for plan in plans) > 100
