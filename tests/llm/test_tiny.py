"""The embedded model as it is shipped: small, loadable by transformers, right where its sentences are plain."""

import random
from pathlib import Path

import pytest

from diaglib.dataset.rows import tell
from diaglib.diagram import Plan
from diaglib.llm import load
from diaglib.llm.tiny import MAX_PROMPT_TOKENS, TINY_FOLDER

CNN = "A CNN with 32 x 32 input, two 3x3 conv layers, a 2x2 max pooling layer, hidden layers of 128 and 16 nodes and 10 outputs"
DENSE = "A deep learning model with 2 input nodes, 4 and 6 nodes in each of the 2 hidden layers, and 1 node in the output layer"


@pytest.fixture(scope="module")
def model():
    return load("tiny")


def sizes(text: str) -> list[tuple[str, int | None]]:
    return [(node.kind, node.size) for node in Plan.from_text(text).nodes]


def test_the_files_are_small_and_safe():
    files = {path.name: path.stat().st_size for path in TINY_FOLDER.iterdir()}
    assert {"model.safetensors", "config.json", "vocabulary.json", "README.md", "training.json"} <= set(files)
    assert sum(files.values()) <= 12 * 2**20
    assert not [name for name in files if Path(name).suffix in {".bin", ".pt", ".pkl"}]


def test_sentences_of_the_readme_give_their_networks(model):
    (cnn,), (dense,) = model.plan_texts([CNN, DENSE])
    assert sizes(cnn) == [
        ("input", 32), ("conv", 30), ("conv", 28), ("pool", 14), ("dense", 128), ("dense", 16), ("output", 10),
    ]  # fmt: skip
    assert sizes(dense) == [("input", 2), ("dense", 4), ("dense", 6), ("output", 1)]


def test_the_published_wrapper_changes_nothing(model):
    wrapped = f"Represent below as a Python list.\n{DENSE} in the following format.\nEach node is … It is important to draw well."
    assert model.plan_texts([wrapped]) == model.plan_texts([DENSE])


def test_a_batch_answers_as_each_sentence_alone(model):
    prompts = [tell(random.Random(f"batch {i}")).sentence for i in range(8)]
    assert model.plan_texts(prompts) == [model.plan_texts([prompt])[0] for prompt in prompts]


def test_nearly_every_answer_to_unseen_rows_is_a_valid_plan(model):
    prompts = [tell(random.Random(f"unseen {i}")).sentence for i in range(60)]
    valid = 0
    for texts in model.plan_texts(prompts):
        try:
            valid += bool(texts and Plan.from_text(texts[0]))
        except ValueError:
            continue
    assert valid >= 57


def test_samples_are_seeded_and_differ(model):
    prompt = "read the mail, then sort it, then answer it or file it"
    first = model.plan_texts([prompt], count=4, temperature=1.5, seed=1)
    assert first == model.plan_texts([prompt], count=4, temperature=1.5, seed=1)
    assert len(set(first[0])) > 1


def test_with_the_grammar_even_wild_samples_are_plans(model):
    pytest.importorskip("llguidance")
    prompts = ["zq zq zq 9 9", DENSE]
    texts = [text for answers in model.plan_texts(prompts, count=3, temperature=3.0, seed=2, grammar=True) for text in answers]
    lines = [line.split() for text in texts for line in text.splitlines()[:-1]]
    assert lines
    assert all(line[0].isdigit() and line[1].isalpha() for line in lines)


def test_a_prompt_that_is_too_long_gives_no_text(model):
    assert model.plan_texts(["word " * (MAX_PROMPT_TOKENS + 1), DENSE])[0] == []


def test_transformers_reads_the_same_model(model):
    torch = pytest.importorskip("torch")
    from transformers import LlamaForCausalLM

    llama = LlamaForCausalLM.from_pretrained(TINY_FOLDER, dtype=torch.float32).eval()
    assert 1e6 <= sum(p.numel() for p in llama.parameters()) <= 6e6
    ids = model.tokenizer.prompt_ids(model.tokenizer.context(DENSE))
    tensor = torch.tensor([ids])
    made = llama.generate(tensor, attention_mask=torch.ones_like(tensor), do_sample=False, max_new_tokens=60, pad_token_id=0)
    assert made[0, len(ids) :].tolist() == model.decoder.answer([ids], model.tokenizer.end_id)[0]
