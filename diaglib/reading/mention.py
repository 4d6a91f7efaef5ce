"""One layer word of a sentence with everything said about it; shared by the two halves of the reader.

Rule: values as told, nothing worked out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from diaglib.reading.items import Item

MANY_SIZED = {"dense", "lstm", "gru", "rnn", "embedding", "feedforward", "attention", "bottleneck", "norm", "flatten"}
MAPS = {"conv", "pool", "upconv"}
COUNTED = MAPS | {
    "encoder",
    "decoder",
    "down",
    "up",
    "attention",
    "transformer",
    "dropout",
    "norm",
    "feedforward",
    "concat",
    "add",
}
RECURRENT = {"lstm", "gru", "rnn"}
UNITS = "ZQHWYA"


@dataclass(slots=True, eq=False)
class Mention:
    """A layer word with what was said about it. `joined` is `each` or `block` where it belongs with the one before."""

    kind: str
    start: int
    end: int
    plural: bool = False
    layer_word: bool = False
    count: int | None = None
    sizes: list[int] = field(default_factory=list)
    kernels: list[int] = field(default_factory=list)
    filters: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    sides: list[int] = field(default_factory=list)
    joined: str = ""
    repeat_run: int = 1
    block_times: int | None = None
    block_item: Item | None = None
    reference: bool = False
    negated: bool = False
    describes: bool = False
    pronoun: bool = False
    given: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def listed(self) -> int:
        """The length of the longest list given for it."""
        return max(map(len, (self.sizes, self.kernels, self.filters, self.heads, self.sides)))

    @property
    def total(self) -> int | None:
        return self.listed if self.listed > 1 else self.count

    @property
    def says_something(self) -> bool:
        return bool(self.listed or self.count is not None)


@dataclass(slots=True)
class Reading:
    mentions: list[Mention]
    chain: tuple[int, ...] = ()
    depth: int | None = None
    aside: list[Item] = field(default_factory=list)
    unread: list[Item] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
