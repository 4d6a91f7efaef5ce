"""`diaglib chat`: the Korean persona with her memory, a line at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diaglib.cli.common import print_json, reasons, stop, tell
from diaglib.cli.memory import NAMESPACE, Folder, Json, Namespace, User, open_user_store

if TYPE_CHECKING:
    from diaglib.memory.chat import Turn


def chat(
    message: Annotated[str, typer.Argument(help="one message; where not given, one a line until the input ends")] = "",
    model: Annotated[str, typer.Option(help="tiny-chat, a folder, or a hub id")] = "tiny-chat",
    why: Annotated[bool, typer.Option("--why", help="tell what was attached, what was remembered, and why")] = False,
    user: User = "me",
    namespace: Namespace = NAMESPACE,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Talks with the Korean persona, who remembers what she is told."""
    from diaglib.dataset.chat import persona_about
    from diaglib.llm.hub_loading import ModelLoadError
    from diaglib.memory.chat import open_chat

    turns = []
    with reasons(as_json), open_user_store(user, folder) as store:
        try:
            talk = open_chat(store, model, namespace=namespace)
        except ModelLoadError as error:
            stop(str(error), as_json=as_json)
        if not message and not as_json:
            tell(f"{persona_about()} (model {model})")
        for line in [message] if message else spoken_lines():
            turn = talk.say(line)
            turns.append(turn)
            if not as_json:
                print(turn.answer, flush=True)
                for words in explain(turn) if why else ():
                    tell(f"  {words}")
    if as_json:
        print_json([_document(turn) for turn in turns])


def spoken_lines() -> Iterator[str]:
    """Lines of the terminal or of a pipe, without the empty ones."""
    while True:
        if sys.stdin.isatty():
            print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line


def explain(turn: Turn) -> list[str]:
    """What happened between message and answer, a sentence a line."""
    return [turn.why, *(f"remembered [{note.key}: {note.value}]" for note in turn.notes), *turn.problems]


def _document(turn: Turn) -> dict[str, Any]:
    return {
        "message": turn.message,
        "answer": turn.answer,
        "memory": str(turn.best.memory) if turn.best and turn.attached else None,
        "score": round(turn.best.score, 4) if turn.best else None,
        "threshold": turn.threshold,
        "rule": turn.rule or None,
        "remembered": [f"[{note.key}: {note.value}]" for note in turn.notes],
        "problems": turn.problems,
        "why": turn.why,
    }
