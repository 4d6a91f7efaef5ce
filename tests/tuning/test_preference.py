"""Pairs are the target against the model's own worst plan, resumably; ORPO widens their odds; prompts get no logits."""

import json
from dataclasses import replace

import pytest

from diaglib.llm.tiny import TinyAnswer
from diaglib.tuning import Row, TuningError
from diaglib.tuning import pairs as pairs_module
from diaglib.tuning.pairs import Pair, build_pairs, read_pairs, worst
from diaglib.tuning.preference import encode_pairs, orpo
from diaglib.tuning.preference_task import paired_verdict
from diaglib.tuning.scores import Scored, Scores, kind_score, plan_of, scored

RIGHT = "0 input 4\n1 dense 6\n2 output 1\nend"
SHORT = "0 input 4\n1 output 1\nend"
OTHER = "0 input 4\n1 lstm 6\n2 output 1\nend"


class Scripted:
    """Answers every prompt with the same texts and counts the prompts it was asked."""

    def __init__(self, texts) -> None:
        self.texts, self.asked = texts, []

    def plan_texts(self, prompts, count, temperature, seed):
        self.asked += list(prompts)
        return [list(self.texts) for _ in prompts]


def test_the_rejected_answer_is_the_worst_that_is_not_right() -> None:
    def drawn(*texts):
        return [TinyAnswer(text, ("<end>",)) for text in texts]

    row = Row("a network", RIGHT)
    assert worst(row, drawn(RIGHT, RIGHT)) is None
    pair = worst(row, drawn(RIGHT, SHORT, OTHER))
    assert (pair.chosen, pair.rejected) == (RIGHT, min((SHORT, OTHER), key=lambda text: scored(row, text).score))
    nonsense = worst(row, drawn(RIGHT, SHORT, "0 input 4\n1 output 0\nend"))
    assert (nonsense.score, nonsense.tokens) == (0.0, ("<end>",))


def test_an_answer_that_is_no_plan_is_rejected_in_the_tokens_it_was_written_in(few_steps) -> None:
    """A sixth of the drawn recurrent networks were no plans, and preference tuning never saw one: they became more."""
    from diaglib.tuning.loading import load_base

    writer = load_base("tiny", replace(few_steps, method="full")).writer
    prompt = "a network with 4 inputs, a hidden layer of 6 and 2 outputs"
    chosen = writer.encode(prompt, RIGHT)
    tokens = tuple(writer.vocabulary.tokens[i] for i in chosen[1])
    assert writer.encode_tokens(prompt, tokens) == chosen
    broken = Pair(prompt, RIGHT, "no plan", 0.0, "", (tokens[0], *tokens[3:]))
    rows, told = encode_pairs([broken, replace(broken, tokens=("of another vocabulary",))], writer, 384)
    assert len(rows) == 1
    assert "1 that this model cannot write" in told
    kept = [label for label in rows[0]["rejected_labels"] if label >= 0]
    assert kept == [chosen[1][0], *chosen[1][3:]]


def test_building_pairs_goes_on_where_it_was_killed(tmp_path, monkeypatch) -> None:
    rows = [Row(f"network {i}", RIGHT, number=i) for i in range(10)]
    model = Scripted([SHORT])
    monkeypatch.setattr(pairs_module, "load", lambda _: model)
    monkeypatch.setattr(pairs_module, "ROWS_AT_ONCE", 4)
    file = tmp_path / "pairs.jsonl"
    whole = build_pairs("m", rows, file)
    kept = file.read_bytes()
    lines = kept.split(b"\n")
    file.write_bytes(b"\n".join(lines[:6]) + b"\n" + lines[6][:20])  # a header, five rows, and a line cut by the kill
    model.asked.clear()
    assert build_pairs("m", rows, file) == whole
    assert model.asked == [f"network {i}" for i in range(5, 10)]
    assert file.read_bytes() == kept
    assert read_pairs(file) == whole
    with pytest.raises(TuningError, match="another model or other rows"):
        build_pairs("m", rows[:5], file)


def test_rows_that_are_all_answered_well_give_no_pairs_and_say_so(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(pairs_module, "load", lambda _: Scripted([RIGHT]))
    with pytest.raises(TuningError, match="none of 1 rows was answered imperfectly"):
        build_pairs("m", [Row("a network", RIGHT)], tmp_path / "pairs.jsonl")
    (tmp_path / "other.txt").write_text("a header\nno pair\n")
    with pytest.raises(TuningError, match="not a file of pairs"):
        read_pairs(tmp_path / "other.txt")


def test_the_strict_score_tells_kinds_apart_where_the_published_one_does_not() -> None:
    row = Row("a network", "0 input 400\n1 dense 600\n2 output 10\nend")  # too large to be drawn node by node
    answer = scored(row, "0 input 400\n1 lstm 600\n2 output 10\nend")
    assert answer.structure == 1.0
    assert answer.score == pytest.approx(1 / 5)  # of input, dense, output and lstm, output only the input stands alike
    assert kind_score(plan_of(RIGHT), plan_of(RIGHT)) == 1.0
    assert scored(row, "nonsense").score == 0.0


@pytest.mark.slow
def test_orpo_makes_the_chosen_answers_likelier_than_the_rejected_and_resumes_from_the_sft_adapter(
    stand_in, few_steps, tmp_path
) -> None:
    pairs = [Pair(f"network {i}", RIGHT, SHORT, 0.4) for i in range(12)]
    settings = replace(few_steps, steps=12, learning_rate=2e-2, preference_weight=1.0)
    tuned = orpo(str(stand_in), pairs, [], tmp_path / "one", settings)
    preferred = [share for _, share in tuned.record["preferred"]]
    assert sum(preferred[-4:]) >= sum(preferred[:4])
    assert preferred[-1] == 1.0
    again = orpo(str(stand_in), pairs, [], tmp_path / "two", replace(settings, steps=2), adapter=tuned.adapter_folder)
    assert again.record["losses"][0][1] < tuned.record["losses"][0][1]


def test_pairs_that_a_model_cannot_write_are_counted(few_steps) -> None:
    from diaglib.tuning.loading import load_base

    writer = load_base("tiny", replace(few_steps, method="full")).writer
    rows, told = encode_pairs([Pair("a network of 4 and 6", RIGHT, SHORT, 0.4), Pair("x", RIGHT, "no plan", 0.0)], writer, 384)
    assert len(rows) == 1
    assert "1 that this model cannot write" in told
    with pytest.raises(TuningError, match="none of 1 pairs"):
        encode_pairs([Pair("x", RIGHT, "no plan", 0.0)], writer, 384)


def test_logits_are_computed_where_an_answer_is_and_equal_those_of_the_whole_row(stand_in) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from diaglib.tuning.encoded import NOT_LEARNT
    from diaglib.tuning.trainers import answer_log_probabilities, answer_logits

    model = AutoModelForCausalLM.from_pretrained(stand_in).eval()
    ids = torch.arange(2, 26).view(2, 12)
    labels = ids.clone()
    labels[0, :8] = labels[1, :9] = NOT_LEARNT
    labels[1, 11:] = NOT_LEARNT
    logits, targets = answer_logits(model, ids, labels)
    assert logits.shape[1] == 4
    whole = model(input_ids=ids).logits.log_softmax(-1)[:, :-1].gather(2, ids[:, 1:, None])[..., 0]
    expected = whole.masked_fill(labels[:, 1:] == NOT_LEARNT, 0)
    assert torch.allclose(answer_log_probabilities(logits, targets).sum(1), expected.sum(1), atol=1e-4)


def test_the_verdict_says_better_only_where_the_interval_excludes_zero() -> None:
    def scores(values):
        return Scores([Scored(Row(f"p{i}", RIGHT), "", None, value, value, False) for i, value in enumerate(values)], 0.1)

    worse, better = scores([0.2] * 20), scores([0.6] * 20)
    assert "became better" in paired_verdict(worse, better)
    assert "became worse" in paired_verdict(better, worse)
    assert "no difference can be told" in paired_verdict(scores([0.2, 0.8] * 10), scores([0.8, 0.2] * 10))


def test_a_record_of_pairs_is_plain_json(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(pairs_module, "load", lambda _: Scripted([SHORT]))
    build_pairs("m", [Row('a "network"\n<b>', RIGHT)], tmp_path / "pairs.jsonl")
    lines = (tmp_path / "pairs.jsonl").read_text().splitlines()
    assert json.loads(lines[1])["prompt"] == 'a "network"\n<b>'


def test_the_start_is_kept_where_the_tuned_model_draws_no_better(tmp_path, monkeypatch) -> None:
    """A run of ORPO that had the lower loss on pairs once drew worse answers, and notebook 07 would have taken it."""
    from types import SimpleNamespace

    from diaglib.tuning import preference_task
    from diaglib.tuning.preference_task import PreferenceTask
    from diaglib.tuning.run import Tuned
    from diaglib.tuning.settings import TuningSettings

    values = {"start": 0.5, str(tmp_path / "model"): 0.7}

    def drawn(model, rows, *_):
        return Scores([Scored(row, "", None, values[str(model)], values[str(model)], False) for row in rows], 0.1)

    monkeypatch.setattr(preference_task, "score_answers", drawn)
    rows = [Row(f"p{i}", RIGHT) for i in range(5)]
    task = PreferenceTask("start", "start", None, "", rows, rows, rows, TuningSettings(), 0)
    tuned = Tuned(tmp_path, tmp_path / "model", None, SimpleNamespace())
    assert task.better(tuned, 1, 1.0).model_folder == tmp_path / "model"
    values[str(tmp_path / "model")] = 0.5
    kept = task.better(tuned, 1, 1.0)
    assert (str(kept.model_folder), kept.words.startswith("The start is kept")) == ("start", True)


def test_pairs_the_choice_and_the_measure_have_prompts_of_their_own(tmp_path, monkeypatch) -> None:
    from collections import Counter

    from diaglib.tuning import preference_task
    from diaglib.tuning.preference_task import load_preference_task
    from diaglib.tuning.run import Tuned

    record = {"settings": {"answer_format": "plan"}, "base": "tiny"}
    monkeypatch.setattr(preference_task, "finished", lambda folder: Tuned(folder, folder / "model", None, record))
    task = load_preference_task("local", "", tmp_path / "04", 140, 0, 0.1, 5, 0)
    parts = [{row.prompt for row in part} for part in (task.rows, task.choosing, task.held_out)]
    assert len(set.union(*parts)) == sum(map(len, parts))
    families = Counter(row.family for row in task.rows)
    assert max(families.values()) - min(families.values()) <= 3
