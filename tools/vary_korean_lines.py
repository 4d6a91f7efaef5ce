"""Says our Korean lines with other words of like meaning, so that an encoder trained on them knows more words than we wrote.

usage: python tools/vary_korean_lines.py     writes diaglib/memory/lines/variants.txt: a message and its variants, by tabs
Needs `pip install kiwipiepy` (Apache-2.0), whose language model tells which morphemes are alike; nothing else here needs it.
"""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kiwipiepy import Kiwi

from diaglib.memory.lines import FOLDER, TIME_PLACE, VALUE_PLACE, load_topics

CONTENT = {"NNG", "NNP", "VV", "VA", "VV-R", "VA-R", "VV-I", "VA-I", "XR"}
# the key hangs on these, so they stay
FIXED = set(
    """오늘 내일 어제 모레 주말 토요일 일요일 월요일 화요일 수요일 목요일 금요일
    지금 아침 점심 저녁 밤 낮 이번 다음 주 달 올해 요즘 최근
    하 되 있 없 가 오 보 먹 좋아하 싫어하 싶 사 배우 받
    여자 남자 엄마 아빠 생일 여친 남친 여자친구 남자친구 몇 시 일""".split()
)
VARIANTS = 6
NEIGHBOURS = 14
LEAST_SCORE = 0.58
COMMON_MORPHEMES = 45_000  # numbered by how common they are; the rare ones are alike by accident
STAND_IN = "오늘"  # for the place of a time while a sentence is taken apart


def main() -> None:
    kiwi = Kiwi()
    rng = random.Random(0)
    known: dict[tuple[str, str], list[tuple[str, str]]] = {}

    def alike(form: str, tag: str) -> list[tuple[str, str]]:
        if (form, tag) not in known:
            try:
                found = kiwi.most_similar_morphemes((form, tag), top_n=NEIGHBOURS)
            except ValueError:
                found = []
            kept = [near for near in found if near.score >= LEAST_SCORE and near.id < COMMON_MORPHEMES]
            known[form, tag] = [(near.form, str(near.tag)) for near in kept if str(near.tag)[:2] == tag[:2]]
        return known[form, tag]

    messages = {message for topic in load_topics() for message in topic.messages if VALUE_PLACE not in message}
    messages |= {message for topic in load_topics() for _, message in topic.of_one_value}
    rows = []
    for message in sorted(messages):
        timed = TIME_PLACE in message
        tokens = kiwi.tokenize(message.replace(TIME_PLACE, STAND_IN))
        parts = [(token.form, str(token.tag)) for token in tokens]
        places = [at for at, (form, tag) in enumerate(parts) if tag in CONTENT and form not in FIXED and alike(form, tag)]
        made: list[str] = []
        for _ in range(3 * VARIANTS):
            if not places or len(made) == VARIANTS:
                break
            changed = list(parts)
            for at in rng.sample(places, min(len(places), rng.choice((1, 1, 2)))):
                changed[at] = rng.choice(alike(*parts[at]))
            said = kiwi.join(changed)
            said = said.replace(STAND_IN, TIME_PLACE, 1) if timed else said
            if said not in made and said != message and "\t" not in said:
                made.append(said)
        if made:
            rows.append("\t".join([message, *made]))
    (FOLDER / "variants.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(rows)} of {len(messages)} messages have variants, {sum(row.count(chr(9)) for row in rows)} in all")


if __name__ == "__main__":
    main()
