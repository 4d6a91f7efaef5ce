"""Candidates and rules as data: the lists read, a user adds one in five lines, an error is told by file, line and field."""

from pathlib import Path

import pytest

from diaglib.candidates.registry import LIST_FILES, find_candidate, load_candidates
from diaglib.candidates.rules import load_rules, select

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
FIVE_LINES = README.split("```toml\n")[1].split("```")[0]


@pytest.fixture
def user_file(tmp_path, monkeypatch):
    """Writes a file of the user's and stands in its folder."""
    monkeypatch.chdir(tmp_path)

    def write(text: str, name: str = "candidates.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(("task", "count", "chosen"), [("diagram", 14, 1), ("chat", 8, 1), ("mcqa", 10, 1)])
def test_each_list_is_whole_and_names_what_was_chosen(task: str, count: int, chosen: int, user_file) -> None:
    candidates = load_candidates(task)
    assert len(candidates) == count
    assert len([one for one in candidates if one.published.get("chosen")]) == chosen


def test_the_closed_form_agrees_with_the_published_parameters(user_file) -> None:
    for candidate in load_candidates():
        assert candidate.architecture is not None
        if candidate.parameters_b and candidate.id != "EleutherAI/polyglot-ko-1.3b":  # its files hold causal masks too
            assert candidate.architecture.parameters / 1e9 == pytest.approx(candidate.parameters_b, rel=0.03, abs=0.005)


def test_what_was_worked_out_instead_of_read_is_marked(user_file) -> None:
    assert {one.id for one in load_candidates() if one.deduced} == {
        "beomi/KoAlpaca-KoRWKV-1.5B",
        "blueapple8259/TinyKo-v5-a",
        "lcw99/llama-3-10b-wiki-240709-f",
    }


def test_a_user_adds_a_candidate_with_five_lines(user_file) -> None:
    assert len(FIVE_LINES.splitlines()) == 5
    user_file(FIVE_LINES)
    candidate = load_candidates("chat")[-1]
    assert candidate.id == "someone/small-ko"
    assert candidate.architecture is not None
    assert "someone/small-ko" not in [one.id for one in load_candidates("mcqa")]
    other = user_file(FIVE_LINES.replace("small-ko", "other-ko"), "more.toml")
    assert [one.id for one in load_candidates("chat", other)][-1] == "someone/other-ko"


def test_a_candidate_of_the_users_takes_the_place_of_a_listed_one(user_file) -> None:
    path = user_file(FIVE_LINES.replace("someone/small-ko", "EleutherAI/polyglot-ko-1.3b"))
    assert len(load_candidates("chat", path)) == 8
    assert find_candidate("EleutherAI/polyglot-ko-1.3b", path).config["hidden_size"] == 1024


def test_an_architecture_is_read_from_the_local_cache(user_file, monkeypatch) -> None:
    import huggingface_hub

    path = user_file('{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 99}', "config.json")
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: str(path))
    user_file("\n".join(FIVE_LINES.splitlines()[:3]))
    architecture = load_candidates("chat")[-1].architecture
    assert architecture is not None
    assert architecture.hidden_size == 64


@pytest.mark.parametrize(
    ("change", "line", "field", "words"),
    [
        (("someone/small-ko", "small ko"), 2, "id", "owner/name"),
        (('id = "someone/small-ko"\n', ""), 1, "id", "is missing"),
        (('["chat"]', '["chess"]'), 3, "tasks", "known: diagram, chat, mcqa"),
        (('["chat"]', '"chat"'), 3, "tasks", "a list of texts"),
        (('languages = ["ko"]', "langauges = 3"), 4, "langauges", "is not known; known: architecture"),
        (("hidden_size = 1024", "hidden_size = 10.5"), 5, "architecture", "hidden_size is 10.5"),
        (("model_type", "model"), 5, "architecture", "lacks model_type"),
        (('"llama"', '"bart"'), 5, "architecture", "'bart', whose size is not known"),
        (("tasks =", 'gated = "no"\ntasks ='), 3, "gated", "true or false"),
        (("tasks =", "parameters_b = -1\ntasks ="), 3, "parameters_b", "above 0"),
        (("tasks =", 'kind = "big"\ntasks ='), 3, "kind", "known: base, instruct, chat"),
    ],
)
def test_an_error_names_file_line_and_field(change: tuple[str, str], line: int, field: str, words: str, user_file) -> None:
    assert change[0] in FIVE_LINES
    user_file("# mine\n\n" + FIVE_LINES.replace(*change))
    with pytest.raises(ValueError, match="candidates") as raised:
        load_candidates()
    assert str(raised.value).startswith(f"candidates.toml, line {line + 2}, field '{field}': ")
    assert words in str(raised.value)


@pytest.mark.parametrize("text", ["[[candidate]\nid = 3", "[[candidates]]\nid = 3", "candidate = 3", "\0"])
def test_a_file_that_is_no_list_is_refused(text: str, user_file) -> None:
    user_file(text)
    with pytest.raises(ValueError, match="candidates"):
        load_candidates()


def test_the_same_id_twice_in_a_file_is_refused(user_file) -> None:
    user_file(FIVE_LINES + FIVE_LINES)
    with pytest.raises(ValueError, match="line 7, field 'id': 'someone/small-ko' stands in the file twice"):
        load_candidates()


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(FileNotFoundError):
        load_candidates(extra="gone.toml")


def test_an_unknown_task_or_candidate_lists_the_known(user_file) -> None:
    with pytest.raises(ValueError, match="known: diagram, chat, mcqa"):
        load_candidates("chess")
    with pytest.raises(ValueError, match="known: deepseek-ai/DeepSeek-V2-Lite"):
        find_candidate("gpt-9")


# rules


def test_the_rules_drop_what_the_published_lists_dropped(user_file) -> None:
    dropped = {
        verdict.candidate.id: verdict.dropped_by
        for task in ("diagram", "chat", "mcqa")
        for verdict in select(load_candidates(task), load_rules(task))
        if not verdict.stays
    }
    assert dropped == {"unsloth/gemma-2-2b-it": ("free licence: licence is gemma; the tuned persona is given away",)}


def test_what_is_not_known_is_told_and_passes(user_file) -> None:
    user_file(FIVE_LINES)
    verdict = select(load_candidates("chat"), load_rules("chat"))[-1]
    assert verdict.stays
    assert "free licence: licence is not known" in verdict.not_known


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("parameters_b = 70", "size for chat: parameters_b is 70, wanted at most 3.0"),
        ("reasoning = true", "no reasoning models: reasoning is true"),
    ],
)
def test_a_rule_says_what_was_and_what_is_wanted(lines: str, words: str, user_file) -> None:
    user_file(FIVE_LINES + lines)
    verdict = select(load_candidates("chat"), load_rules("chat"))[-1]
    assert not verdict.stays
    assert verdict.dropped_by[0].startswith(words)


def test_a_language_and_a_card_are_rules_too(user_file) -> None:
    user_file(FIVE_LINES.replace('["chat"]', '["mcqa"]').replace('["ko"]', '["en"]').replace("1024", "65536"))
    dropped = select(load_candidates("mcqa"), load_rules("mcqa"))[-1].dropped_by
    assert [words.split(":")[0] for words in dropped] == ["language", "fits a V100 in 4 bits"]


def test_a_rule_of_the_users_takes_the_place_of_the_listed_one(user_file) -> None:
    path = user_file(
        '[[rule]]\nname = "size for chat"\ntasks = ["chat"]\nfield = "parameters_b"\nat_most = 1\nwhy = "a phone"\n', "rules.toml"
    )
    stays = [verdict.candidate.id for verdict in select(load_candidates("chat"), load_rules("chat", path)) if verdict.stays]
    assert stays == ["FINGU-AI/FinguAI-Chat-v1", "blueapple8259/TinyKo-v5-a"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ('field = "parameters_b"\nat_most = "3"', "line 5, field 'at_most': compares"),
        ('field = "size"\nat_most = 3', "line 4, field 'field': is 'size', it must be of a candidate"),
        ('fits = "h9"', "line 4, field 'fits': there is no GPU 'h9'; known: t4"),
        ('field = "licence"', "line 2, field 'name': a rule has one of"),
    ],
)
def test_an_error_in_a_rule_names_file_line_and_field(rule: str, words: str, user_file) -> None:
    user_file(f'[[rule]]\nname = "mine"\ntasks = ["chat"]\n{rule}\nwhy = "so"\n')
    with pytest.raises(ValueError, match="candidates") as raised:
        load_rules("chat")
    assert words in str(raised.value)


def test_the_files_of_lists_are_there() -> None:
    assert all(path.is_file() for path in LIST_FILES)
