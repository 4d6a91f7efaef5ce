"""A key of a day ends with its day, and is called what that day is called by then."""

from datetime import date, timedelta

import pytest

from diaglib.memory.days import shown_key, slot_of

FRIDAY = date(2026, 11, 20)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("key", "last_day"),
    [
        ("오늘 일정", date(2026, 11, 20)),
        ("내일 일정", date(2026, 11, 21)),
        ("내일의 일정", date(2026, 11, 21)),
        ("오늘 저녁 메뉴", date(2026, 11, 20)),
        ("오늘밤 메뉴", date(2026, 11, 20)),
        ("내일모레 약속", date(2026, 11, 22)),
        ("회사 내일 회의", date(2026, 11, 21)),
        ("이번 주말 계획", date(2026, 11, 22)),
        ("주말 계획", date(2026, 11, 22)),
        ("지난 주말 여행", None),
        ("다음주 시험", date(2026, 11, 29)),
        ("이번 달 목표", date(2026, 11, 30)),
        ("다음 달 여행", date(2026, 12, 31)),
        ("내년 목표", date(2027, 12, 31)),
        ("어제 꿈", date(2026, 11, 20)),
        ("좋아하는 가수", None),
        ("모레시계", None),
    ],
)
def test_a_key_of_a_day_ends_with_it(key: str, last_day: date | None) -> None:
    assert slot_of(key, FRIDAY).last_day == last_day


def test_tomorrows_and_the_next_days_today_are_the_same_place() -> None:
    assert slot_of("내일 일정", FRIDAY).place == slot_of("오늘 일정", FRIDAY + DAY).place
    assert slot_of("오늘 일정", FRIDAY).place != slot_of("오늘 일정", FRIDAY + DAY).place
    assert slot_of("이번 주 계획", FRIDAY).place != slot_of("이번 주말 계획", FRIDAY).place


def test_a_key_is_called_by_the_day_it_is_read_on() -> None:
    assert [shown_key("내일 일정", FRIDAY, FRIDAY + n * DAY) for n in range(2)] == ["내일 일정", "오늘 일정"]
    assert shown_key("내일모레 일정", FRIDAY, FRIDAY + DAY) == "내일 일정"
    assert shown_key("다음 주 일정", FRIDAY, FRIDAY + 3 * DAY) == "이번 주 일정"
    assert shown_key("좋아하는 가수", FRIDAY, FRIDAY + DAY) == "좋아하는 가수"


def test_months_and_years_turn() -> None:
    assert slot_of("다음 달 여행", date(2026, 12, 5)).last_day == date(2027, 1, 31)
    assert shown_key("내년 목표", date(2026, 12, 31), date(2027, 1, 1)) == "올해 목표"


def test_white_space_and_case_make_no_new_key() -> None:
    assert slot_of("좋아하는  Band", FRIDAY).place == slot_of("좋아하는 band", FRIDAY).place
