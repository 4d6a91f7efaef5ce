"""The layer words of a sentence and how they belong together: `conv-pool blocks`, `each followed by`, `the second has 4`.

The second half of the reader `stated`; `attach` then gives them their numbers.
"""

from __future__ import annotations

from dataclasses import replace

from diaglib.reading import words
from diaglib.reading.attach import attach, owner_before
from diaglib.reading.items import Item, mend
from diaglib.reading.mention import MAPS, RECURRENT, Mention, Reading


def attach_numbers(items: list[Item], sentence: str) -> Reading:
    """Mentions in the order told, each with its numbers."""
    items = _settle_words(items, sentence)
    owners = _mentions(items, sentence)
    reading = Reading([])
    first = next((item.type for item in items if item.type in "KND"), "K")
    for g, item in enumerate(items):
        times = items[g + 1 : g + 2] and items[g + 1].value == "times"
        if item.type == "N" and times:
            item = replace(item, type="X")
        if item.type in "ND":
            attach(items, owners, g, first == "K", reading, sentence)
        elif item.type == "X":
            before = owner_before(items, owners, g, joints=1)
            opening = sentence.rfind("(", 0, item.start) if sentence[: item.start].rstrip().endswith(")") else len(sentence)
            bracketed = len({id(owner) for owner in owners.values() if owner.start > opening}) > 1
            repeats = any(other.type == "T" for other in items[max(0, g - 2) : g + 2]) or item.value in {"twice", "thrice"}
            if not bracketed:
                reading.doubts.append("how often what is repeated")
            if before and (bracketed or repeats):
                before.repeat_run = item.numbers[0]
            elif before:
                before.count = item.numbers[0] if before.count is None else before.count
    reading.doubts += [sentence[item.start : item.end] for item in reading.unread]
    seen: list[Mention] = []
    for g in sorted(owners):
        if all(owners[g] is not other for other in seen):
            seen.append(owners[g])
    reading.mentions = _drop_descriptions(seen, sentence)
    reading.doubts += [  # `an RNN with …`: a layer, or only what the whole is called?
        sentence[mention.start : mention.end]
        for mention in reading.mentions
        if not mention.says_something
        and not mention.layer_word
        and mention.kind not in MAPS | {"input", "output", "dropout", "flatten"}
    ]
    return reading


def _settle_words(items: list[Item], sentence: str) -> list[Item]:
    """Decides words that depend on their neighbours: `hidden units` of an LSTM, `output is 28 x 28`, `the second has 4`."""
    settled: list[Item] = []
    kinds = {item.value for item in items if item.type == "K"}
    for i, item in enumerate(items):
        after = items[i + 1] if i + 1 < len(items) else None
        if item.type == "K":
            previous = next((o for o in reversed(settled) if o.type in "KS"), None)
            word = sentence[item.start : item.end].lower()
            counted = i > 0 and items[i - 1].type in "ND"
            if mend(word) in words.ADJECTIVES and not counted and not (after and after.type in "YK"):
                continue  # `convolutional autoencoder`
            if word == "hidden" and ((after and after.value in RECURRENT) or (settled and settled[-1].value in RECURRENT)):
                continue  # `hidden LSTM layers` are one kind of layer
            if word == "hidden" and after and after.type == "Z":
                holder = (
                    previous
                    and previous.type == "K"
                    and previous.value in RECURRENT | {"transformer", "encoder", "decoder", "embedding"}
                )
                following = next((o for o in items[i + 1 : i + 4] if o.type == "K"), None)
                if holder or (
                    following and following.value in RECURRENT and not any(o.type == "S" for o in items[i + 1 : i + 3])
                ):
                    continue
            if item.value == "output" and previous and previous.type == "K" and previous.value in MAPS and _gives_side(items, i):
                settled.append(replace(item, type="M", value="side"))
                continue
            if (
                item.value in {"down", "up"}
                and not kinds & {"unet", "bottleneck"}
                and word.startswith(("up", "down"))
                and "sampl" in word
            ):
                item = replace(item, value="upconv" if item.value == "up" else "pool")
            if item.value == "total" and settled and settled[-1].type == "K" and settled[-1].value != "total":
                settled[-1] = replace(settled[-1], describes=True)  # `an LSTM model with 64 units`
                continue
            if kinds & {"unet"} and item.value in {"encoder", "decoder"}:
                item = replace(item, value={"encoder": "down", "decoder": "up"}[item.value])
            if item.value == "dense" and word in {"middle", "mid", "intermediate", "linear"} and not _layer_follows(items, i):
                continue
        elif item.type == "R":
            near = next((o for o in items[i + 1 : i + 6] if o.type in "KS"), None)
            if item.value == "last" and near and near.type == "K":
                continue  # `the last layer has 3 output neurons`
            following = next((o for o in items[i + 1 :] if o.type not in "ONDZQ"), None)
            previous = next((o for o in reversed(settled) if o.type == "K" and o.value not in {"input", "total"}), None)
            carries = next((o for o in items[i + 1 :] if o.type in "NDKS"), None)
            if following is not None and following.type == "Y" and item.value != "last":
                following = next((o for o in items[items.index(following) + 1 :] if o.type not in "ONDZQ"), None)
            if previous and carries and carries.type in "ND" and not (following and following.type == "K" and following is after):
                settled.append(Item("K", previous.value, item.start, item.end, spelled=True))
            continue
        settled.append(item)
    return settled


def _gives_side(items: list[Item], i: int) -> bool:
    """Whether this `output` tells the map after a layer (`output is 28 x 28`), not the end of the network."""
    ahead = [item for item in items[i + 1 : i + 5] if item.type not in "OZQ"]
    if not ahead or ahead[0].type != "D":
        return False
    return min(ahead[0].numbers) > 1 and any(item.type == "K" and item.value in {"output", "dense"} for item in items[i + 1 :])


def _layer_follows(items: list[Item], i: int) -> bool:
    return any(item.type in "Y" or (item.type == "K" and item.value == "dense") for item in items[i + 1 : i + 3])


def _mentions(items: list[Item], sentence: str) -> dict[int, Mention]:
    """A mention for each layer word by item index; layer words side by side that mean one layer share it."""
    owners: dict[int, Mention] = {}
    for i, item in enumerate(items):
        if item.type == "G" and owners:
            owners[max(owners)].joined = "each"
        if item.type != "K":
            continue
        before = owners.get(i - 1)
        plural = item.plural or (i + 1 < len(items) and items[i + 1].type == "Y" and items[i + 1].value in _PLURAL_LAYERS)
        layer_word = i + 1 < len(items) and items[i + 1].type == "Y"
        merged = before and _together(before.kind, item.value)
        if merged and before and sentence[before.start : before.end].lower() == sentence[item.start : item.end].lower():
            merged = None  # `conv-conv-pool`
        if before and merged:
            before.kind, before.end = merged, item.end
            before.plural, before.layer_word = before.plural or plural, before.layer_word or layer_word
            owners[i] = before
            continue
        mention = Mention(item.value, item.start, item.end, plural, layer_word, pronoun=item.spelled)
        joint = next((o for o in reversed(items[:i]) if o.type not in "ONDZQWE"), None)
        gap = [o.type for o in items[:i]]
        if joint is not None and joint.type == "F":
            mention.joined = "each"
        mention.describes = item.describes
        mention.negated = gap[-1:] == ["!"]
        mention.reference = "G" in gap[-3:] or "E" in gap[-1:]  # `after each conv layer`, `from each down stage`
        owners[i] = mention
        _blocks(items, i, owners)
    return owners


_BLOCKS = {"blocks", "stages", "stacks", "groups"}
_PLURAL_LAYERS = {"layers", "blocks", "stages", "levels", "stacks", "lyers", "steps", "groups"}


def _together(first: str, second: str) -> str | None:
    """The kind that two neighbouring layer words mean together, None where they are two layers."""
    if first == second:
        return first
    pair = {first, second}
    if "total" in pair:
        return None
    if pair == {"dense", "output"} or pair == {"input", "output"}:
        return "output" if second != "input" else None
    if second == "embedding" and first == "input":
        return "embedding"
    for holder in (RECURRENT, {"encoder", "decoder"}, {"down", "up"}):
        inside = pair & holder
        if len(inside) == 1 and pair & {"encoder", "decoder", "transformer", "attention", "dense", "conv", "input"} - holder:
            if inside <= RECURRENT and pair & {"conv", "attention", "dense", "input"}:
                return None
            return inside.pop()
    if "unet" in pair and pair & {"down", "up"}:
        return (pair - {"unet"}).pop()
    return None


def _blocks(items: list[Item], i: int, owners: dict[int, Mention]) -> None:
    """Marks `three blocks of conv and pooling` and `3 conv-pool blocks`: the second layer word joins the first."""
    second = owners[i]
    back = i - 1
    while back >= 0 and (
        items[back].type == "D"
        or items[back].numbers == (1,)
        or (items[back].type == "S" and items[back].value in {"and", "+", "/", "then", "plus", "&"})
    ):
        back -= 1
    first = owners.get(back)
    if not first or first.kind not in MAPS | {"norm"} or second.kind not in MAPS | {"norm", "dropout"}:
        return
    start = next(k for k in range(back + 1) if owners.get(k) is first)
    lead = start - 1
    while lead >= 0 and (items[lead].type in "OED" or items[lead].value == "," or items[lead].numbers == (1,)):
        lead -= 1
    if lead >= 1 and items[lead].type == "Y" and items[lead].value in _BLOCKS and items[lead - 1].type == "N":
        lead -= 1
    elif not (i + 1 < len(items) and items[i + 1].type == "Y" and items[i + 1].value in _BLOCKS):
        lead = -1
    if lead >= 0 and items[lead].type == "N" and len(items[lead].numbers) == 1:
        second.joined, first.block_times, first.block_item = "block", items[lead].numbers[0], items[lead]
    elif first.joined == "block" or owners[back].joined == "block":
        second.joined = "block"


def _drop_descriptions(mentions: list[Mention], sentence: str) -> list[Mention]:
    """Leaves out layer words that only describe (`convolutional network`, `LSTM model`) or refer back (`after each conv`)."""
    kept = [m for m in mentions if not m.negated and not (m.reference and not m.says_something)]
    result = []
    for mention in kept:
        if mention.kind in {"encoder", "decoder"} and not mention.says_something and not mention.layer_word:
            stage = {"encoder": "down", "decoder": "up"}[mention.kind]
            if any(other is not mention and other.kind in {mention.kind, stage} for other in kept):
                continue  # `an encoder-decoder model with 6 encoder blocks`
        if mention.kind in {"total", "unet"} and not (mention.kind == "unet" and mention.says_something):
            continue
        if not mention.says_something and not mention.layer_word and not mention.plural and not mention.joined:
            twin = any(other is not mention and other.kind == mention.kind for other in kept)
            opens = mention is kept[0]  # `an RNN: …, a recurrent layer of 50 units`
            if (mention.describes and (twin or mention.kind in {"conv", "dense", "feedforward"})) or (
                opens and twin and mention.kind in RECURRENT
            ):
                continue
            if mention.pronoun:
                continue
        if mention.kind == "transformer" and not mention.says_something:
            continue
        result.append(mention)
    heads = next((m.heads for m in reversed(result) if m.heads), [])
    for mention in result:  # `6 encoder and 6 decoder blocks, each with 8 heads`
        if mention.kind in {"encoder", "decoder", "transformer"} and not mention.heads and len(heads) == 1:
            mention.heads = list(heads)
    return _pronouns_refine(result)


def _pronouns_refine(mentions: list[Mention]) -> list[Mention]:
    """`two hidden layers: the first has 8, the second 4`: the pronouns give the sizes of the layers already counted."""
    result: list[Mention] = []
    for mention in mentions:
        head = next((m for m in reversed(result) if m.kind == mention.kind), None) if mention.pronoun else None
        if head and (head.count or 0) > 1 and head.listed < (head.count or 0):
            for name in ("sizes", "kernels", "filters", "heads", "sides"):
                getattr(head, name).extend(getattr(mention, name))
            head.end = max(head.end, mention.end)
            continue
        result.append(mention)
    return result
