"""Keys of a day: `내일 일정`, said on Friday, is `오늘 일정` on Saturday and gone on Sunday. Used by the store.

Rule: a key tells by itself which day, week, month or year it is about, counted from the day it was said.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

# how many periods from the one it is said in; the first spelling is the one shown
_WORDS: dict[str, dict[int, tuple[str, ...]]] = {
    "day": {-2: ("그저께", "그제"), -1: ("어제",), 0: ("오늘",), 1: ("내일",), 2: ("모레", "내일모레"), 3: ("글피",)},
    "weekend": {0: ("이번 주말", "이번주말", "주말"), 1: ("다음 주말", "다음주말")},
    "week": {0: ("이번 주", "이번주", "금주"), 1: ("다음 주", "다음주", "차주")},
    "month": {0: ("이번 달", "이번달", "이달"), 1: ("다음 달", "다음달")},
    "year": {0: ("올해",), 1: ("내년",)},
}
_MEANING = {word: (unit, ahead) for unit, words in _WORDS.items() for ahead, forms in words.items() for word in forms}
_AFTER = r"(?=\s|$|의(?=\s)|밤|아침|점심|저녁|오전|오후|새벽|낮)"
_DAY_WORD = re.compile(rf"(?<!\S)(?<!지난 )({'|'.join(sorted(_MEANING, key=len, reverse=True))}){_AFTER}")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value belongs: a newer one in the same place replaces it; after `last_day` it is no longer true (None: always)."""

    place: str
    last_day: date | None


def slot_of(key: str, said_on: date) -> Slot:
    """The slot of a key said on that day: equal for `내일 일정` said today and `오늘 일정` said tomorrow."""
    folded = " ".join(key.casefold().split())
    found = _DAY_WORD.search(folded)
    if not found:
        return Slot(folded, None)
    unit, ahead = _MEANING[found[1]]
    last_day = _last_day(unit, _period(unit, said_on) + ahead)
    place = f"{folded[: found.start()]}<{unit} {last_day.isoformat()}>{folded[found.end() :]}"
    return Slot(place, max(last_day, said_on))  # what is said of yesterday holds for the day it is said on


def shown_key(key: str, said_on: date, today: date) -> str:
    """The key as one says it today; as it was said where there is no word for that distance."""
    found = _DAY_WORD.search(key)
    if not found:
        return key
    unit, ahead = _MEANING[found[1].casefold()]
    now = _period(unit, said_on) + ahead - _period(unit, today)
    if now == ahead or now not in _WORDS[unit]:
        return key
    return key[: found.start()] + _WORDS[unit][now][0] + key[found.end() :]


def _period(unit: str, day: date) -> int:
    """The number of the day, week (from Monday), month or year that a day is in."""
    if unit == "month":
        return day.year * 12 + day.month - 1
    if unit == "year":
        return day.year
    return day.toordinal() if unit == "day" else (day.toordinal() - 1) // 7


def _last_day(unit: str, period: int) -> date:
    if unit == "month":
        year, month = period // 12, period % 12 + 1
        return date(year, month, calendar.monthrange(year, month)[1])
    if unit == "year":
        return date(period, 12, 31)
    return date.fromordinal(period) if unit == "day" else date.fromordinal(period * 7 + 1) + timedelta(days=6)
