"""What the check says: contradictions, what was verified, what was not; and the plain names of layers it says it with."""

from __future__ import annotations

from dataclasses import dataclass, field

PLAIN = {"dense": "hidden", "upconv": "up-conv", "feedforward": "feed-forward", "down": "encoder stage", "up": "decoder stage"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check found, in words. `right` is False as soon as one contradiction is known."""

    contradictions: tuple[str, ...] = ()
    verified: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        return not self.contradictions


@dataclass(slots=True)
class Notes:
    contradictions: list[str] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    unverified: list[str] = field(default_factory=list)

    def compare(self, same: bool, what: str, asked: str, found: str) -> None:
        if same:
            self.verified.append(what)
        else:
            self.contradictions.append(f"you asked for {asked}, the plan has {found}")

    def verdict(self) -> Verdict:
        return Verdict(*(tuple(dict.fromkeys(told)) for told in (self.contradictions, self.verified, self.unverified)))


def layer_name(kind: str, count: int = 1) -> str:
    name = PLAIN.get(kind, kind)
    if kind in {"input", "output"}:
        return name if count == 1 else f"{name}s"
    ending = "" if kind in {"down", "up"} else " block" if kind in {"encoder", "decoder"} else " layer"
    return f"{name}{ending}{'' if count == 1 else 's'}"


def layer_with_article(kind: str) -> str:
    name = layer_name(kind)
    return f"{'an' if name[0] in 'aeiou' or kind == 'lstm' else 'a'} {name}"
