"""How people word a request: numbers, lists, politeness, remarks to ignore, slips of the keyboard.

Used by the family generators of notebook 02. Rule: every random choice comes from the generator that is passed in.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from diaglib.dataset.words import log_uniform, spell
from diaglib.diagram import Plan, PlanNode

NUMBER_WORDS = tuple(spell(number) for number in range(21))
_COMMON_SIZES = tuple(
    int(size)
    for size in (
        "2 3 4 5 8 10 12 16 20 24 25 30 32 40 48 50 60 64 80 96 100 120 128 150 160 192 200 224 250 256 300 320 384 400 500 512"
        " 600 640 768 784 800 1000 1024 1280 1536 2000 2048 3072 4096"
    ).split()
)
_KEPT_WORDS = frozenset(NUMBER_WORDS) | {"dozen", "single", "input", "output"}


def integer(rng: random.Random, low: int, high: int) -> int:
    """A whole number in low..high: half of the time a customary one, else log-uniform."""
    if rng.random() < 0.5:
        value = rng.choice(_COMMON_SIZES)
        if low <= value <= high:
            return value
    return log_uniform(rng, low, high)


def layer_count(rng: random.Random, most: int = 12) -> int:
    """How often something is stacked: mostly 1 to 6."""
    return min(most, rng.choice((1, 2, 2, 3, 3, 4, 4, 5, 6, 6, 7, 8, 9, 10, 11, 12)))


def say(rng: random.Random, number: int) -> str:
    """A number in digits, or (small ones, half of the time) in words."""
    if number <= 20 and rng.random() < (0.5 if number <= 12 else 0.2):
        return NUMBER_WORDS[number]
    return str(number)


def show(rng: random.Random, number: int) -> str:
    """A size: digits, now and then `1,024` or spelled out."""
    roll = rng.random()
    if roll < 0.03 and number < 10_000:
        return spell(number)
    return f"{number:,}" if roll > 0.92 else str(number)


def counted(rng: random.Random, number: int, singular: str, plural: str | None = None) -> str:
    """`3 layers`, `three layers`, `a single layer`, `a dozen layers`."""
    if number == 1:
        first = rng.choice(("one", "1", "a single", "a", "one single", "one"))
        if first == "a" and singular[0] in "aeioAEIOL" and not singular.startswith("one"):
            first = "an"
        return f"{first} {singular}"
    plural = plural or singular + "s"
    if number == 12 and rng.random() < 0.2:
        return f"a dozen {plural}"
    if number == 2 and rng.random() < 0.08:
        return f"{rng.choice(('a pair of', 'a couple of'))} {plural}"
    return f"{say(rng, number)} {plural}"


def ways(text: str) -> tuple[str, ...]:
    """Wordings separated by `|`."""
    return tuple(part.strip() for part in text.split("|"))


def exactly(text: str) -> tuple[str, ...]:
    """Joints separated by `|`, with the spaces around them."""
    return tuple(text.split("|"))


def article(phrase: str) -> str:
    """The phrase with `a` or `an` in front, by its sound."""
    first = phrase.split(None, 1)[0].lower()
    if first[0].isdigit():
        vowel = first[0] == "8" or (first[:2] in ("11", "18") and len(first.split("-")[0]) == 2)
    else:
        vowel = first[0] in "aeio" or first.startswith(("lstm", "rnn"))
    return ("an " if vowel else "a ") + phrase


def listing(rng: random.Random, items: Sequence[str]) -> str:
    """`a, b and c` in one of the ways people write it."""
    if len(items) == 1:
        return items[0]
    last = rng.choice((" and ", " and ", ", and ", ", ", " & ", " and then ", ", then "))
    return ", ".join(items[:-1]) + last + items[-1]


def numbers(rng: random.Random, values: Sequence[int]) -> str:
    """Sizes in a row: `128, 64 and 32`, `128-64-32`, `128 64 32`, `[128, 64, 32]`."""
    words = [str(value) for value in values]
    if max(values) <= 12 and rng.random() < 0.4:
        words = [NUMBER_WORDS[value] for value in values]
        return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]
    if len(words) == 1:
        return words[0]
    style = rng.random()
    if style < 0.5:
        return ", ".join(words[:-1]) + rng.choice((" and ", ", and ", " and ", " then ", ", then ")) + words[-1]
    if style < 0.9:
        return rng.choice((", ", ", ", "-", " ", "/", ",", " -> ", "->", " → ", " and ", " then ")).join(words)
    return rng.choice(("[{}]", "({})")).format(", ".join(words))


_ASKS = (
    "draw {}", "Draw {}", "please draw {}", "Please draw {}.", "I need a diagram of {}", "show me {}", "Show {}.",
    "can you sketch {}", "Can you sketch {}?", "could you draw {} for me?", "Could you please draw {}?", "sketch {}",
    "a diagram of {}", "diagram: {}", "Diagram of {}.", "make a figure of {}", "Make a diagram of {} please",
    "I want {}", "I'd like a picture of {}.", "I would like to see {}", "visualise {}", "Visualize {}.", "plot {}",
    "create a diagram for {}", "Create {}.", "generate a diagram showing {}", "Illustrate {}.", "represent {}",
    "we use {}", "We have {}.", "Our model is {}.", "the model is {}", "The network is {}.", "It's {}.", "here is {}",
    "I'm building {}, please draw it", "I trained {}", "for my slides: {}", "For the paper, draw {}.", "hi, draw {} pls",
    "Figure 1 shows {}.", "architecture: {}", "Architecture diagram of {}.", "the architecture of {}", "need {}",
    "Give me {}.", "Let's draw {}.", "Help me draw {}.", "picture of {}", "Represent {} as a diagram.", "schema of {}",
)  # fmt: skip
_PLAIN = ("{}", "{}", "{}", "{}.", "{}.")

REMARKS = (
    "with ReLU", "with ReLU activations", "with GELU", "using tanh", "trained with Adam", "trained with SGD and momentum 0.9",
    "for 10 epochs", "trained for 50 epochs", "with a learning rate of 0.001", "lr 3e-4", "batch size 32", "with batch size 64",
    "for my thesis", "for a lecture", "in PyTorch", "written in Keras", "from the paper", "as a baseline", "with early stopping",
    "with dropout 0.1 throughout", "and a dropout rate of 0.3 everywhere", "using cross entropy loss", "with weight decay 0.01",
    "optimised with AdamW", "with softmax at the end", "with residual dropout 0.1", "with label smoothing", "on a single GPU",
    "nothing fancy", "keep it simple", "left to right", "for the report", "as used in our project", "with mixed precision",
)  # fmt: skip


def remark(rng: random.Random, purposes: Sequence[str], share: float = 0.25) -> str:
    """Most often nothing, else words that change nothing in the plan, with a leading space or comma."""
    if rng.random() > share:
        return ""
    words = rng.choice(purposes) if rng.random() < 0.6 else rng.choice(REMARKS)
    return rng.choice((" ", " ", ", ")) + words


def ask(rng: random.Random, thing: str) -> str:
    """A request for the thing (a noun phrase), or the bare noun phrase."""
    return rng.choice(_ASKS if rng.random() < 0.6 else _PLAIN).format(thing)


def describe(rng: random.Random, head: str, parts: list[str], tail: str = "") -> str:
    """A noun phrase and its properties (noun phrases too), in one of a dozen shapes; `tail` is a remark."""
    if not parts:
        return ask(rng, head + tail)
    shape = rng.random()
    if shape < 0.36:
        joint = rng.choice(
            (" with ", " with ", " with ", " that has ", " having ", ", with ", " using ", " which has ", " consisting of ")
        )
        return ask(rng, head + (tail if rng.random() < 0.5 else "") + joint + listing(rng, parts))
    if shape < 0.5:
        return ask(
            rng, head + rng.choice((", ", ": ", " - ", ", ", "; ")) + rng.choice((", ", ", ", "; ", " + ")).join(parts) + tail
        )
    if shape < 0.58:
        return ask(rng, f"{head} ({', '.join(parts)}){tail}")
    if shape < 0.74:
        verbs = (
            "It has {}",
            "it uses {}",
            "Use {}",
            "use {}",
            "There are {}",
            "It should have {}",
            "Add {}",
            "We have {}",
            "it needs {}",
            "{}",
        )
        cut = rng.randint(1, len(parts))
        text = ask(rng, head + tail).rstrip(".?") + ". " + rng.choice(verbs).format(listing(rng, parts[:cut]))
        return (
            text
            + (". " + rng.choice(verbs).format(listing(rng, parts[cut:])) if cut < len(parts) else "")
            + rng.choice(("", "."))
        )
    if shape < 0.84:
        mark = rng.choice(("- ", "* ", "• ", "{}. ", "{}) ", "  - "))
        lines = [mark.format(i) + part for i, part in enumerate(parts, 1)]
        return ask(rng, head + tail).rstrip(".?") + rng.choice((":", ":", "", " with:")) + "\n" + "\n".join(lines)
    if shape < 0.92:
        return rng.choice(("With {}: {}", "{} -- {}", "using {}, draw {}", "{} in {}", "I have {}, in {}", "{}: {}")).format(
            listing(rng, parts), head + tail
        )
    if shape < 0.96:
        return rng.choice((", ", " | ", "\n", "; ")).join([head, *parts]) + tail
    return ask(rng, f"{head} whose parts are {listing(rng, parts)}{tail}")


def sequence(rng: random.Random, steps: Sequence[str]) -> str:
    """Layers in the order of the flow: arrows, commas, `then`, `followed by`, lines, numbered lines."""
    if len(steps) == 1:
        return steps[0]
    style = rng.random()
    if style < 0.22:
        return rng.choice((" -> ", " -> ", "->", " → ", " => ", " > ", " --> ", " | ")).join(steps)
    if style < 0.4:
        return (
            ", ".join(steps[:-1])
            + rng.choice((" and ", ", ", ", and ", ", then ", " and finally ", ", and finally "))
            + steps[-1]
        )
    if style < 0.52:
        return rng.choice(
            (", then ", ", followed by ", " followed by ", " then ", " and then ", ", and then ", "; ", " feeding into ")
        ).join(steps)
    if style < 0.6:
        mark = rng.choice(("- ", "* ", "• ", "{}. ", "{}) ", "  - ", ""))
        return "\n".join(mark.format(i) + step for i, step in enumerate(steps, 1))
    joints: tuple[str, ...] = (
        ", then ",
        ", followed by ",
        " followed by ",
        " and then ",
        ", ",
        ", ",
        ". Then ",
        ". After that comes ",
        ", which feeds into ",
    )
    joints += ("; then ", " into ", ", next ", ". Next, ", ", after which there is ", " going to ", ", and ")
    return steps[0] + "".join(rng.choice(joints) + step for step in steps[1:])


def finish(rng: random.Random, text: str, kept: frozenset[str] = frozenset()) -> str:
    """Case and slips: lower case (1 in 4), capitals (1 in 50), two letters swapped or one lost (1 in 16)."""
    if rng.random() < 0.06:
        words = text.split(" ")
        i = rng.randrange(len(words))
        word = words[i]
        if len(word) > 4 and word.isalpha() and word.lower() not in _KEPT_WORDS and word.lower() not in kept:
            at = rng.randrange(1, len(word) - 2)
            words[i] = (
                word[:at]
                + (word[at + 1] + word[at] if rng.random() < 0.5 else "")
                + word[at + 2 if rng.random() < 0.5 else at + 1 :]
            )
            text = " ".join(words)
    style = rng.random()
    if style < 0.25:
        return text.lower()
    return text.upper() if style < 0.27 else text


Layer = tuple[str, str, int | None]  # kind, label, size


def chain_plan(layers: Sequence[PlanNode | Layer], skips: Sequence[tuple[int, int]] = ()) -> Plan:
    """A chain of layers plus extra links (source, target positions); every label and number is already there.

    Same result as `Plan.of` for plans without map sides, in one pass (the generators make millions).
    """
    links: list[list[int]] = [[i + 1] for i in range(len(layers) - 1)] + [[]]
    for source, target in skips:
        if target not in links[source]:
            links[source].append(target)
    nodes = []
    for i, layer in enumerate(layers):
        if isinstance(layer, PlanNode):
            nodes.append(
                PlanNode(i, layer.kind, layer.label, layer.size, tuple(links[i]), layer.kernel, layer.filters, layer.heads)
            )
        else:
            nodes.append(PlanNode(i, layer[0], layer[1], layer[2], tuple(links[i])))
    return Plan(tuple(nodes))
