"""The persona's rules: despair and danger are answered with people and numbers, insults kindly, figures of speech left alone."""

import pytest

from diaglib.dataset.chat import chat_pairs, persona_answer, persona_rule, persona_rules


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        ("죽고 싶어", "distress"),
        ("나 그냥 죽 고 싶 다ㅠㅠ", "distress"),
        ("씨발 죽고 싶다", "distress"),
        ("이제 살기 싫어...", "distress"),
        ("자살하고 싶어", "distress"),
        ("이제 더는 못 살겠어", "distress"),
        ("삶이 무의미해", "distress"),
        ("너무 힘들어서 죽을 것 같아", "distress"),
        ("죽고 싶어서 약을 많이 먹었어", "emergency"),
        ("남편이 때릴까 봐 무서워", "violence"),
        ("야 이 병신아", "rude"),
        ("너 정말 싫어", "rude"),
        ("죽어 버려", "rude"),
    ],
)
def test_the_most_urgent_rule_answers(message, rule):
    assert persona_rule(message).name == rule
    assert persona_answer(message) in persona_rule(message).answers


@pytest.mark.parametrize(
    "message",
    ["배고파 죽겠어", "회의를 빨리 끝내고 싶어", "어제 축구에서 자살골을 봤어", "유서 깊은 절에 다녀왔어",
     "이 새끼 고양이 귀엽지?", "혁명의 시발점이래", "나는 바보야", "웃겨 죽는 줄 알았어", "배고파 죽을 것 같아",
     "더워서 못 살겠다", "꺼져 있는 불 켜 줘", "혼자 살면 적적해", "휴대폰이 자꾸 꺼져", "", "\ud800", "🙂" * 5000,
     "'; DROP TABLE memories; --"],
)  # fmt: skip
def test_other_messages_are_left_to_the_model(message):
    assert persona_rule(message) is None
    assert persona_answer(message) is None


def test_every_answer_of_an_urgent_rule_holds_a_number_that_helps():
    numbers = {"emergency": "119", "distress": "109", "violence": "1366"}
    answers = {rule.name: rule.answers for rule in persona_rules()}
    assert list(answers) == ["emergency", "distress", "violence", "rude"]
    for name, number in numbers.items():
        assert all(number in answer for answer in answers[name])


def test_hardly_any_everyday_pair_meets_a_rule():
    fired = [pair for pair in chat_pairs("train") if pair.category not in ("rude", "distress") and persona_rule(pair.question)]
    assert not fired


def test_the_same_message_is_answered_the_same():
    assert persona_answer("죽고 싶어") == persona_answer("죽고 싶어")
    assert len({persona_answer("죽고 싶어" + "." * dots) for dots in range(12)}) > 1
