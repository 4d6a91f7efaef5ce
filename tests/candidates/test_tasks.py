"""What is asked of a candidate and how its answers are judged: diagrams, chat, multiple choice."""

import json
from collections import Counter

import pandas
import pytest

from diaglib.candidates.baselines import chance, longest_choice, nearest_message, nearest_sentence, numbers_in_order, word_overlap
from diaglib.candidates.rows import local_subjects
from diaglib.candidates.settings import load_settings
from diaglib.candidates.subject import Subject, content_key
from diaglib.candidates.tasks import TASKS, answer_row, chat, diagram, get_task, mcqa
from diaglib.candidates.tasks.questions import own_questions, questions, read_csatqa, read_klue, read_kmmlu
from diaglib.llm.hub import Answer

SETTINGS = load_settings("local")
NOBODY = Subject("x", "y")


def frame(rows) -> pandas.DataFrame:
    return pandas.DataFrame(rows)


@pytest.mark.parametrize("task", TASKS)
def test_the_local_profile_has_six_rows_that_differ_and_says_what_they_are(task):
    rows = local_subjects(task)
    assert len(rows) >= 6
    assert len({content_key(row.content()) for row in rows}) == len(rows)
    assert all(row.is_embedded or (row.baseline and row.name.startswith("baseline: ")) for row in rows)


# diagrams -----------------------------------------------------------------------------------------------------------------


def test_a_plan_passes_only_where_it_says_what_the_sentence_says():
    """A grammar makes every answer valid, so validity alone would choose an untrained model."""
    sentence = diagram.TEST_SENTENCE
    right, wrong = "0 input 2\n1 dense 4\n2 dense 6\n3 output 1\nend", "0 input 9\n1 dense 9\n2 output 9\nend"
    texts = [right, wrong, "no plan", right.removesuffix("\nend")]
    rows = [answer_row("plan", "0", sentence, text, 9, text is not texts[3], 0.1, i, extra=right) for i, text in enumerate(texts)]
    found = diagram.judge(frame(rows), SETTINGS)
    assert (found["compliant"], found["passed"], found["asked"], found["cut_off"]) == (3, 2, 4, 1)
    assert found["structural_score"] == pytest.approx((1 + 1 + diagram.judge(frame(rows[1:2]), SETTINGS)["structural_score"]) / 4)


def test_node_lines_are_judged_by_the_parser_and_by_their_structure():
    from diaglib.diagram import Plan

    target = diagram.sentences(1)[0][1]
    lines = Plan.from_text(target).layout().to_text()
    rows = [answer_row("round 2", "0", "p", text, 9, True, None, i, target) for i, text in enumerate([lines, "[1, 2", ""])]
    found = diagram.judge(frame(rows), SETTINGS)
    assert (found["passed"], found["asked"], found["nodes"]) == (1, 3, 13)
    assert found["structural_score"] == pytest.approx(1 / 3)


def test_the_published_rounds_ask_for_eight_and_ten_fields():
    seen = []

    class Asked:
        hub = None

        def answers(self, texts, count, temperature, seed, limit):
            seen.append((texts[0], count, temperature))
            return [[Answer("", (), False)] * count]

    diagram.ask(Asked(), SETTINGS.overlaid(diagram_rounds=("round 1", "round 2"), diagram_samples=20))
    (one, first, greedy), (ten, second, sampled) = seen
    assert (first, greedy, second) == (1, 0.0, 20)
    assert sampled > 0
    assert "width" not in one
    assert "width" in ten


def test_baselines_of_diagrams_know_numbers_and_neighbours_only():
    (answer,), (far,) = numbers_in_order(NOBODY).plan_answers([diagram.TEST_SENTENCE, "no numbers"], 1, 0, 0, 9)
    assert diagram.read_answer("plan", answer.text)[1]
    assert not diagram.read_answer("plan", far.text)[1]
    ((near,),) = nearest_sentence(NOBODY).plan_answers([diagram.TEST_SENTENCE], 1, 0, 0, 9)
    assert diagram.read_answer("plan", near.text)[1]


# chat ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "stopped", "faults"),
    [
        ("네, 오늘은 노래 연습을 했어요.", True, []),
        ("  ", True, ["empty"]),
        ("저는 노래를 저는 노래를 저는 노래를 좋아해요", False, ["repeated", "unfinished"]),
        ("좋아 좋아 좋아", True, ["repeated"]),
        ("안녕?", True, ["repeated"]),
        ("I like singing. 네", True, ["non-Hangul"]),
        ("123 !!", True, ["non-Hangul"]),
        ("ㅋㅋ 정말요?", True, []),
    ],
)
def test_faults_of_a_chat_answer(answer, stopped, faults):
    assert chat.faults("안녕?", answer, stopped) == faults


def test_chat_figures_are_shares_of_the_answers():
    rows = [
        answer_row("chat", str(i), "질문", text, 3, True, 0.1) for i, text in enumerate(["", "네 좋아요", "네 좋아요", "yes"])
    ]
    found = chat.judge(frame(rows), SETTINGS)
    assert (found["passed"], found["asked"], found["empty"], found["non-Hangul"]) == (2, 4, 0.25, 0.25)
    assert found["distinct_2"] == 0.5


def test_messages_and_tuning_pairs_are_apart():
    assert len(chat.messages()) == 25 == len(set(chat.messages()))
    assert len(chat.pairs()) >= 20
    assert not set(chat.messages()) & {message for message, _ in chat.pairs()}
    assert len(chat.tuning_rows(load_settings("t4"))) == 20
    (answer,) = nearest_message(NOBODY).chat_answers([chat.pairs()[3][0]], 0, 9)
    assert answer.text == chat.pairs()[3][1]


def test_ratings_of_a_person_come_from_a_csv_and_a_wrong_one_is_told_by_its_line(tmp_path):
    rows = frame([answer_row("chat", str(i), f"질문 {i}", "네, 좋아요", 3, True, 0.1) for i in range(2)])
    sheet = chat.write_rating_sheet(tmp_path / "ratings.csv", {"one": rows})
    assert chat.read_ratings(sheet) == {}
    sheet.write_text(sheet.read_text("utf-8-sig").replace("질문 1,,", "질문 1,4,"), "utf-8-sig")
    assert chat.read_ratings(sheet) == {"one": [4.0]}
    chat.write_rating_sheet(sheet, {"one": rows})
    assert chat.read_ratings(sheet) == {"one": [4.0]}, "writing the sheet again keeps what is rated"
    sheet.write_text("candidate,message,rating\none,x,7\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"ratings\.csv, line 2: rating is '7'"):
        chat.read_ratings(sheet)
    sheet.write_text("candidate,rating\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no column 'message'"):
        chat.read_ratings(sheet)


# multiple choice ----------------------------------------------------------------------------------------------------------


def test_our_questions_are_sixty_with_passages_and_answers_spread_evenly():
    """A set that can be guessed by place or length measures guessing."""
    found = own_questions()
    assert len(found) >= 60
    assert len({question.id for question in found}) == len({question.text + question.passage for question in found}) == len(found)
    assert all(len(question.passage) > 120 and len(question.choices) in (4, 5) for question in found)
    places = Counter(question.answer for question in found if len(question.choices) == 5)
    assert max(places.values()) - min(places.values()) <= 2
    halves = Counter(question.half for question in found)
    assert min(halves.values()) >= 0.35 * len(found)
    longest = sum(longest_choice(NOBODY).score(q).index(max(longest_choice(NOBODY).score(q))) + 1 == q.answer for q in found)
    assert longest < 0.35 * len(found)


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("3", 3),
        (" 정답은 2번입니다.", 2),
        ("④ 그러므로", 4),
        ("답: 5", None),
        ("12", None),
        ("모르겠습니다", None),
        ("", None),
        ("2024년의 글이므로 정답: 1", 1),
    ],
)
def test_the_choice_an_answer_names(answer, choice):
    assert mcqa.read_choice(answer, 4) == choice


def test_accuracy_is_counted_by_likelihood_and_as_written_and_by_halves():
    rows = []
    for question in own_questions()[:10]:
        right = json.dumps({"chosen": question.answer, "right": question.answer, "half": question.half})
        wrong = json.dumps({"chosen": None, "right": question.answer, "half": question.half})
        rows.append(answer_row("likelihood", question.id, "", "", 0, True, 0.1, extra=right))
        rows.append(answer_row("written", question.id, "", "", 0, True, 0.1, extra=wrong))
    found = mcqa.judge(frame(rows), SETTINGS)
    assert (found["passed"], found["asked"], found["written: passed"], found["written: no choice named"]) == (10, 10, 0, 10)
    assert found["public_asked"] + found["private_asked"] == 10


def test_baselines_of_questions_score_every_choice():
    question = own_questions()[0]
    for baseline in (chance, longest_choice, word_overlap):
        scores = baseline(NOBODY).score(question)
        assert len(scores) == len(question.choices)
        assert len(set(scores)) > 1
    right = sum(word_overlap(NOBODY).score(q).index(max(word_overlap(NOBODY).score(q))) + 1 == q.answer for q in own_questions())
    assert right > 0.25 * len(own_questions()), "shared words are better than chance"


def test_rows_of_public_sets_become_the_common_row():
    row = {"test_name": "2022", "question_number": 3, "context": " 글 ", "question": "문제", "gold": 2}
    (one,) = read_csatqa([row | {f"option#{i}": f"답 {i}" for i in range(1, 6)}])
    assert (one.passage, one.choices[one.answer - 1], len(one.choices)) == ("글", "답 2", 5)
    (one,) = read_kmmlu([{"question": "q", "A": "a", "B": "b", "C": "c", "D": "d", "answer": 4}], "History")
    assert (one.choices[one.answer - 1], one.passage) == ("d", "")
    spans = ["서울", "부산", "대구", "광주", "인천"]
    rows = [
        {"guid": f"g{i}", "context": "서울과 부산", "question": "어디?", "is_impossible": False, "answers": {"text": [span]}}
        for i, span in enumerate(spans)
    ]
    found = read_klue([*rows, rows[0] | {"is_impossible": True}])
    assert len(found) == 5
    assert [question.choices[question.answer - 1] for question in found] == spans
    assert all(len(set(question.choices)) == 4 for question in found)
    assert found == read_klue(rows), "the wrong choices are drawn by the id"


def test_an_unknown_set_of_questions_lists_the_known():
    with pytest.raises(ValueError, match="known: own, csatqa, kmmlu, klue"):
        questions("sat")


def test_what_is_asked_decides_the_key():
    for name in TASKS:
        task = get_task(name)
        assert task.configuration(SETTINGS) == task.configuration(SETTINGS)
        assert task.sample_prompt(SETTINGS)
        assert task.tuning_rows(SETTINGS)
    more = SETTINGS.overlaid(diagram_sentences=5)
    assert diagram.configuration(more) != diagram.configuration(SETTINGS)


def test_a_rating_sheet_runs_no_formula_and_keeps_its_ratings(tmp_path):
    rows = pandas.DataFrame([{"prompt": "=1+1", "answer": '=HYPERLINK("x")'}, {"prompt": "hi", "answer": "-5"}])
    sheet = chat.write_rating_sheet(tmp_path / "ratings.csv", {"@one": rows})
    written = sheet.read_text(encoding="utf-8-sig").splitlines()
    assert written[1:] == ['\'@one,\'=1+1,,"\'=HYPERLINK(""x"")"', "'@one,hi,,-5"]
    sheet.write_text("\n".join([written[0], "'@one,'=1+1,4,", "'@one,hi,,"]), encoding="utf-8")
    chat.write_rating_sheet(sheet, {"@one": rows})
    assert chat.read_ratings(sheet) == {"@one": [4.0]}
