"""Gives each number of a sentence to the layer word it belongs to, as count, size, window, filters, heads or map side.

Used by `mentions`. Rule: a number that fits nowhere goes to `unread`, it is never forced.
"""

from __future__ import annotations

import re

from diaglib.reading import words
from diaglib.reading.items import Item, known
from diaglib.reading.mention import COUNTED, MANY_SIZED, MAPS, RECURRENT, UNITS, Mention, Reading
from diaglib.reading.numbers import MAX_WINDOW_SIDE


def attach(items: list[Item], owners: dict[int, Mention], g: int, words_first: bool, reading: Reading, sentence: str) -> None:
    """Gives the numbers of item `g` to the mention they belong to, as count, size, window, filters, heads or map side."""
    item = items[g]
    after = g + 1
    unit = ""
    if after in owners and items[after].value == "output" and [o.type for o in items[after + 1 : after + 3]] == ["Y", "Z"]:
        unit = "Z"  # `1 output layer nodes`
    if after in owners and owners[after].kind in MANY_SIZED and [o.type for o in items[after + 1 : after + 2]] == ["Z"]:
        several_cells = items[after + 1].value.startswith("cell") and max(item.numbers) < 5  # `two LSTM cells`
        unit = "" if several_cells else "Z"  # `12 recurrent units`
    while after < len(items) and items[after].type in UNITS:
        unit = unit if unit in {"Q", "H", "W", "Y", "A"} else items[after].type
        after += 1
    left = g - 1
    while left >= 0 and items[left].type == "O":
        left -= 1
    if unit == "A" or (left >= 0 and items[left].type == "A"):
        reading.aside.append(item)
        return
    if not unit and left >= 0 and (items[left].type in "QHWM" or items[left].value == "depth"):
        unit = items[left].type
    if after in owners and items[after].value == "output" and [o.type for o in items[after + 1 : after + 2]] == ["Q"]:
        unit = "Q"  # `1 output channel`
    ahead = after
    each = False
    while ahead < len(items) and items[ahead].type in "IEO":
        each = True
        ahead += 1
    if each and ahead + 1 < len(items) and items[ahead].type == "N" and ahead + 1 in owners:
        ahead += 1  # `4 nodes in each of the 2 hidden layers`
    preposition = each and any(o.type in "IE" for o in items[after:ahead]) and ahead in owners
    of_layers = unit == "Y" and each and ahead in owners  # `2 layers of LSTM`
    holder = owner_before(items, owners, g, joints=0)
    if (
        of_layers
        and owners[ahead].kind not in {"encoder", "decoder"}
        and holder
        and holder.kind in {"encoder", "decoder", "transformer"}
        and holder.count is None
    ):
        of_layers = preposition = False  # `an encoder of 3 blocks of attention`
    following = owners.get(after) or (owners.get(ahead) if preposition or of_layers else None)
    if following is None and item.type == "D" and after < len(items) and items[after].type == "N" and after + 1 in owners:
        following = owners[after + 1]  # `3x3 64-filter conv`
    if (
        following is None
        and item.type == "N"
        and after < len(items)
        and items[after].type in "ND"
        and _run_to_layer(items, owners, after)
    ):
        following = _run_to_layer(items, owners, after)  # `two 3x3 conv`, `two 64-unit LSTM`
    near = owner_before(items, owners, g, joints=0)
    if near is not None and following is not None and near is not following:
        following = _settle_sides(items, g, near, following, words_first, unit, reading, item)
        if following is None:
            return
    alone = following is None and (near is None or near.kind not in MAPS | {"input", "output"})
    known_side = any(owner.kind == "input" and owner.sides for owner in owners.values())
    if item.type == "D" and min(item.numbers) > MAX_WINDOW_SIDE and alone and not known_side and unit != "M":
        owners[g] = Mention("input", item.start, item.end, sides=[item.numbers[0]])  # `digits of 28 x 28 pixels`
        return
    target = following or near or owner_before(items, owners, g, joints=2)
    ends = any(owner.kind in {"input", "output"} for owner in owners.values())
    whole = target is None or target.kind in {"total", "input", "output"} or (target.kind == "dense" and not ends)
    chain = item.value == "chain" or (item.value == "list" and target is not None and target.describes and not ends)
    if chain and len(item.numbers) > 2 and unit not in {"Q", "H"} and whole:
        reading.chain = item.numbers
        return
    if unit == "Y" and target is not None and target.kind in {"position", "embedding", "norm", "input", "output"}:
        stacks = [owner for i, owner in owners.items() if i < g and owner.kind in {"encoder", "decoder", "transformer"}]
        target = stacks[-1] if stacks else target  # `an encoder with positional encoding and 3 blocks`
    if target is not None and target.block_item is item:
        return
    if target is None or target.kind == "total":
        _unowned(items, owners, g, unit, target, reading)
        return
    how = "in" if preposition else "pre" if following is not None else "post" if near is not None else "later"
    if target.kind == "input" and how in {"later", "post"} and unit == "Q" and item.type == "N" and max(item.numbers) > 4:
        owners[g] = Mention("conv", item.start, item.end, filters=list(item.numbers))  # `8 filters 3x3, 16 filters 3x3`
        return
    if target.kind in MAPS and how == "later" and item.type == "N" and len(item.numbers) > 1 and unit in {"", "Z"}:
        owners[g] = Mention("dense", item.start, item.end, sizes=list(item.numbers))  # `… 2x2 pool -> 120 -> 84 -> 10`
        return
    if target.kind in {"input", "output"} and how == "later" and target.sizes and item.type == "N" and unit in {"", "Z"}:
        reading.doubts.append(sentence[item.start : item.end])
        owners[g] = Mention("dense", item.start, item.end, sizes=list(item.numbers))  # `… through layers of 80, 40 and 20`
        return
    slot = (item.type, unit, "before" if how == "pre" else "behind")
    given = slot in target.given and not target.pronoun
    if (
        given
        or (after > g + 1 and _strange_text(sentence[item.end : items[after - 1].start]))
        or _strange_words(sentence, item, target)
        or (how == "later" and target.kind in {"input", "output"})
    ):
        reading.doubts.append(sentence[item.start : item.end])
    if unit == "Z" and ("N", "", "behind") in target.given and target.plural and len(target.sizes) == 1 and target.count is None:
        target.count = target.sizes.pop()  # `hidden layers: 4, each 12 wide`
    target.given.add(slot)
    if not _give(target, item, unit, how, item.numbers, reading):
        reading.unread.append(item)


def _strange_words(sentence: str, item: Item, target: Mention) -> bool:
    """Whether words that the reader does not know stand between a number and the layer it was given to."""
    between = sentence[item.end : target.start] if item.end <= target.start else sentence[target.end : item.start]
    return _strange_text(between)


def _strange_text(text: str) -> bool:
    return any(word not in words.FILLERS and not known(word) for word in re.findall(r"[^\W\d_]{2,}", text.lower()))


def _run_to_layer(items: list[Item], owners: dict[int, Mention], start: int) -> Mention | None:
    """The layer word behind a run of numbers and units: `[two] 3x3 64-filter conv`."""
    while start < len(items) and items[start].type in "NDZQH":
        start += 1
    return owners.get(start)


def _settle_sides(
    items: list[Item], g: int, near: Mention, following: Mention, words_first: bool, unit: str, reading: Reading, item: Item
) -> Mention | None:
    """A number between two layer words: with the one after it, unless the sentence puts numbers behind (`input 4 hidden 3`)."""
    if len(item.numbers) > 1 and item.type == "N" and not unit and not any(o.type in "IE" for o in items[g + 1 : g + 3]):
        cut = 1 if near.kind in {"input", "output"} else len(item.numbers) - 1
        if near.kind in {"input", "output"} and near.says_something:
            return following
        _give(near, item, unit, "post", item.numbers[:cut], reading)
        _give(following, item, unit, "pre", item.numbers[cut:], reading)
        return None
    direct = items[g - 1].type == "K" or items[g - 1].type == "Y"
    if direct and words_first and not near.says_something and not unit:
        return near
    return following


def owner_before(items: list[Item], owners: dict[int, Mention], g: int, joints: int) -> Mention | None:
    """The mention to the left, at most `joints` joints away."""
    for i in range(g - 1, -1, -1):
        if items[i].type == "S":
            if items[i].value == "." or joints == 0:
                return None
            joints -= 1
        elif i in owners:
            return owners[i]
    return None


def _unowned(items: list[Item], owners: dict[int, Mention], g: int, unit: str, total: Mention | None, reading: Reading) -> None:
    """Numbers without a layer word: `784-128-10`, `a 3-layer network`, `4 features` told before any layer."""
    item = items[g]
    ends = any(owner.kind in {"input", "output"} and i < g for i, owner in owners.items())
    if item.type == "N" and len(item.numbers) > 1 and ends and unit in {"", "Z"} and items[g - 1].type in "OY":
        owners[g] = Mention("dense", item.start, item.end, sizes=list(item.numbers))  # `… through layers of 80, 40 and 20`
    elif item.type == "N" and len(item.numbers) > 2 and unit in {"", "Z"} and not reading.chain:
        reading.chain = item.numbers
    elif item.type == "N" and any(owner.block_item is item for owner in owners.values()):
        return
    elif item.type == "N" and unit == "Q" and len(item.numbers) == 1:
        owners[g] = Mention("conv", item.start, item.end, filters=list(item.numbers))  # `8 filters 3x3, 16 filters 3x3`
    elif item.type == "N" and len(item.numbers) == 1 and unit == "Y":
        reading.depth = item.numbers[0]
    elif unit == "Z" and len(item.numbers) == 1 and not any(o.kind == "input" for i, o in owners.items() if i < g) and g <= 4:
        owners[g] = Mention("input", item.start, items[g].end, sizes=list(item.numbers))
    else:
        reading.unread.append(item)


def _give(mention: Mention, item: Item, unit: str, how: str, numbers: tuple[int, ...], reading: Reading) -> bool:
    """Stores the numbers; False where the mention has no place for them."""
    mention.start, mention.end = min(mention.start, item.start), max(mention.end, item.end)
    kind = mention.kind
    if item.type == "D":
        return _give_window(mention, numbers, unit)
    if unit == "Q":
        mention.filters += numbers
    elif unit == "H":
        mention.heads += numbers
    elif unit == "W":
        mention.kernels += numbers
    elif unit == "M":
        mention.sides += numbers
    elif unit == "Y" and kind not in {"input", "output"}:
        if mention.count is not None or len(numbers) > 1:
            return False
        mention.count = numbers[0]
    elif kind in {"input", "output"}:
        if unit == "Y" or (mention.layer_word and how == "pre" and not unit and numbers == (1,)):
            return True  # `a single output layer` counts the layer, not its nodes
        if mention.sizes and mention.sizes != list(numbers):
            return False
        mention.sizes = list(numbers)
    elif unit == "Z":
        mention.sizes += numbers
    elif kind in MAPS:
        if how == "pre" and len(numbers) == 1:
            mention.count = numbers[0]
        else:
            mention.filters += numbers
    elif how == "pre" and len(numbers) == 1 and kind in COUNTED | RECURRENT | {"dense", "transformer", "unet"}:
        return _count_or_size(mention, item, numbers[0])
    elif kind in MANY_SIZED:
        mention.sizes += numbers
    else:
        return False
    return True


def _count_or_size(mention: Mention, item: Item, number: int) -> bool:
    """`2 hidden layers` counts, `128 LSTM` and `a 64 dense layer` give a size."""
    bare_hidden = mention.kind == "dense" and not mention.layer_word and not mention.plural
    small = number <= 12 or item.spelled
    counts = mention.plural or (number == 1 and not bare_hidden) or (mention.layer_word and small) or (mention.kind in COUNTED)
    if mention.kind in RECURRENT and not mention.plural and not mention.layer_word:
        counts = small
    if counts and mention.count is None:
        mention.count = number
    else:
        mention.sizes.append(number)
    return True


def _give_window(mention: Mention, numbers: tuple[int, ...], unit: str) -> bool:
    """`3x3` beside a convolution is its window, `28 x 28` its map; beside an input the picture's side."""
    if numbers[0] != numbers[1]:
        return False
    if mention.kind in MAPS and unit != "M" and (numbers[0] <= MAX_WINDOW_SIDE or unit == "W"):
        mention.kernels.append(numbers[0])
        mention.filters += numbers[2:3]
    elif mention.kind in MAPS | {"input", "output"}:
        mention.sides.append(numbers[0])
    else:
        return False
    return True
