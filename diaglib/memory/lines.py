"""Our own Korean lines: what friends text each other, by the memory it calls for. Used to train and test encoders, notebook 06.

Rules: every line is written by hand (the folder `lines` has the data card); the unseen lines share no key with the others.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from diaglib.memory.pairs import SAME_KEYS, Line, read_lines

FOLDER = Path(__file__).with_name("lines")
PLANS = ("activities", "crossing")
# each written in its own manner: what was learnt from the others is tried on one
TOLD = tuple((path.stem,) for path in sorted(FOLDER.glob("told_[0-9][0-9].txt")))  # by others, of what a user says of themself
# ours, over all the keys we could think of
SWEEPS = (("days", "taste", "wishes", "person", "life"), ("everyday", "activities"), ("moments", "crossing"))
# each many small sets by another writer, in which one plans the same for today and tomorrow
SETS = tuple((path.stem,) for path in sorted(FOLDER.glob("sets_[0-9][0-9].txt")))
SOURCES = (*SWEEPS, *TOLD, *SETS)
NEW_SET = "## "
VALUE_PLACE = "{v}"
OF_ONE_VALUE = " :: "
TIME_PLACE = "{t}"
SHARE_VARIED = 0.6


@dataclass(frozen=True, slots=True)
class Time:
    """When something is planned: the key of its day, how a message names it, how much of what can be said is said of it."""

    key: str
    words: tuple[str, ...]
    share_told: float  # of the messages that name the day
    share_untold: float  # of those that leave it open


TIMES = (
    Time(
        "오늘 일정",
        ("오늘", "오늘", "오늘", "이따", "이따가", "지금", "오늘 저녁에", "오늘 오후에", "조금 이따", "퇴근하고"),
        1.0,
        1.0,
    ),
    Time("내일 일정", ("내일", "내일", "내일", "낼", "내일 아침에", "내일 오후에", "자고 일어나면"), 1.0, 0.35),
    Time("주말 일정", ("주말에", "이번 주말에", "토요일에", "일요일에", "토요일"), 0.35, 0.12),
    Time("이번 주 일정", ("이번 주에", "수요일에", "목요일에", "금요일에", "이번 주 안에"), 0.25, 0.08),
)


@dataclass(frozen=True, slots=True)
class Topic:
    """A key with its values and the messages that call for it; `{v}` in a message is the value, `{t}` the time.

    Several topics may have one key; `source` is the place of its file in `SOURCES`, `part` that of the set in its file.
    """

    source: int
    key: str
    values: tuple[str, ...]
    messages: tuple[str, ...]
    of_one_value: tuple[tuple[str, str], ...] = ()  # (value, a message that fits this value alone)
    time: Time | None = None
    part: int | None = None

    @property
    def message_count(self) -> int:
        """Messages that were written for it, with whatever values."""
        return len(self.messages) + len(self.of_one_value)

    def lines(
        self, rng: random.Random, values_per_message: int = 1, variants: Mapping[str, Sequence[str]] | None = None
    ) -> list[Line]:
        """Every message with a value; those that say their value with several, where there are as many. With `variants`, most
        messages that have some are said in other words."""

        def said(message: str) -> str:
            others = variants.get(message) if variants else None
            return rng.choice(others) if others and rng.random() < SHARE_VARIED else message

        lines = []
        for value, message in [*self.of_one_value, *((None, message) for message in self.messages)]:
            if (spoken := self._timed(said(message), rng)) is None:
                continue
            count = values_per_message if VALUE_PLACE in spoken else 1
            for chosen in [value] if value else rng.sample(self.values, min(count, len(self.values))):
                lines.append(Line(self.key, chosen, spoken.replace(VALUE_PLACE, chosen)))
        return lines

    def _timed(self, message: str, rng: random.Random) -> str | None:
        """The message with a word for the time of its key; None where it is left to the other times."""
        if not self.time:
            return message
        if rng.random() >= (self.time.share_told if TIME_PLACE in message else self.time.share_untold):
            return None
        when = rng.choice(self.time.words)
        if any(f"{TIME_PLACE}{particle}" in message for particle in ("까지", "부터")):
            when = when.split(" ")[0].removesuffix("에")  # 오늘까지, not 오늘 저녁에까지
        return message.replace(TIME_PLACE, when)


def read_topics(text: str, source: int = 0) -> list[Topic]:
    """Topics of a text: `# key`, then `= value | value`, then a message a line (`value :: message` where it fits one alone).

    Raises ValueError naming the line that stands before its key, or a key without values or messages.
    """
    found: list[tuple[str, list[str], list[str], list[tuple[str, str]]]] = []
    for number, row in enumerate(text.splitlines(), start=1):
        row = row.strip()
        if not row:
            continue
        if row.startswith("# "):
            found.append((row[2:].strip(), [], [], []))
            continue
        if not found:
            raise ValueError(f"line {number} stands before the first key: start with '# key'")
        _, values, messages, of_one_value = found[-1]
        if row.startswith("= "):
            values += [value.strip() for value in row[2:].split("|")]
        elif OF_ONE_VALUE in row:
            value, _, message = row.partition(OF_ONE_VALUE)
            of_one_value.append((value.strip(), message.strip()))
        else:
            messages.append(row)
    for key, values, messages, of_one_value in found:
        if not values or not (messages or of_one_value):
            raise ValueError(f"the key '{key}' needs values (= one | two) and messages below it")
    return [Topic(source, key, tuple(values), tuple(messages), tuple(special)) for key, values, messages, special in found]


def read_sets(text: str, source: int = 0) -> list[Topic]:
    """Topics of sets that each begin with `## who`, below it lines `[key: value] message`. Raises ValueError as `read_lines`."""
    topics = []
    for part, rows in enumerate(f"\n{text}".split(f"\n{NEW_SET}")[1:]):
        by_key: dict[str, list[tuple[str, str]]] = {}
        for line in read_lines(f"{rows}\n".partition("\n")[2]):
            by_key.setdefault(line.key, []).append((line.value, line.message))
        for key, told in by_key.items():
            values = tuple(dict.fromkeys(value for value, _ in told))
            topics.append(Topic(source, key, values, (), tuple(told), part=part))
    return topics


def whole_sets(topics: Sequence[Topic], rng: random.Random) -> list[list[Line]]:
    """The lines of every set that topics are of, as they were written together; other topics are passed over."""
    sets: dict[tuple[int, int], list[Line]] = {}
    for topic in topics:
        if topic.part is not None:
            sets.setdefault((topic.source, topic.part), []).extend(topic.lines(rng))
    return list(sets.values())


def load_topics() -> list[Topic]:
    """Everything we train on: the topics by key, and every activity as a plan for each of the `TIMES`."""
    topics = []
    for source, names in enumerate(SOURCES):
        for name in names:
            text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
            read = read_sets(text, source) if names in SETS else read_topics(text, source)
            if name in PLANS:
                read = [replace(activity, key=time.key, time=time) for activity in read for time in TIMES]
            topics += [replace(topic, key=SAME_KEYS.get(topic.key, topic.key)) for topic in read]
    return topics


def count_messages(topics: Sequence[Topic]) -> int:
    """Messages written by hand in topics: a plan counts once, not for each of its times."""
    once = [topic for topic in topics if topic.time in (None, TIMES[0])]
    return sum(topic.message_count for topic in once)


def training_lines(seed: int = 0, values_per_message: int = 1) -> list[Line]:
    """The lines we train on, values and times drawn by the seed."""
    rng = random.Random(seed)
    return [line for topic in load_topics() for line in topic.lines(rng, values_per_message)]


def unseen_lines() -> list[Line]:
    """The test: keys and wordings that no training line has."""
    return read_lines(FOLDER / "unseen.txt")


def calibration_sets() -> list[list[list[Line]]]:
    """Sets of each writer of whom no line is trained on: the threshold is calibrated on them."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("calibration_*.txt"))]
    return [whole_sets(read_sets(text), random.Random(0)) for text in texts]


def other_writers_lines() -> list[list[Line]]:
    """Further tests: known and new keys in the words of writers of whom no line is trained on."""
    return [read_lines(path) for path in sorted(FOLDER.glob("told_test_*.txt"))]


def message_variants() -> dict[str, tuple[str, ...]]:
    """The messages of our topics in other words of like meaning, as `tools/vary_korean_lines.py` made them."""
    rows = (FOLDER / "variants.txt").read_text(encoding="utf-8").splitlines()
    return {message: tuple(others) for message, *others in (row.split("\t") for row in rows if row)}


def chit_chat() -> list[str]:
    """Messages that call for no memory."""
    return [row for row in (FOLDER / "chitchat.txt").read_text(encoding="utf-8").splitlines() if row.strip()]
