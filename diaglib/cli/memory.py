"""`diaglib memory …`: one user's memories, one SQLite file each, and how good the encoder is that finds them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diaglib.cli.common import ANSWER_IS_NO, print_json, read_text, reasons, refuse_overwriting, stop, tell, whole_file

if TYPE_CHECKING:
    from diaglib.memory.store import Item, Store

app = typer.Typer(name="memory", help="What is remembered about a user: one SQLite file each.", no_args_is_help=True)

User = Annotated[str, typer.Option(help="whose memory; each user has a file")]
Folder = Annotated[Path | None, typer.Option(help="where the files are; outputs/memory where not given")]
Namespace = Annotated[str, typer.Option(help="a part of a user's memory that others do not see")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON document")]
NAMESPACE = "default"
LINES = "lines '[key: value] message'"


@app.command()
def add(
    memory: Annotated[list[str], typer.Argument(help="'[key: value] message', or a key and a value")],
    message: Annotated[str, typer.Option(help="what it was taken from")] = "",
    user: User = "me",
    namespace: Namespace = NAMESPACE,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Remembers a value; a newer value of the same key replaces the older one."""
    from diaglib.memory.items import read_line

    with reasons(as_json):
        if len(memory) == 1:
            read, rest = read_line(memory[0])
            key, value, message = read.key, read.value, message or rest
        elif len(memory) == 2:
            key, value = memory
        else:
            stop("give one '[key: value]', or a key and a value, each in quotes", as_json=as_json)
        with open_user_store(user, folder) as store:
            item = store.add(key, value, message, namespace)
    if as_json:
        print_json(_document(item))
    else:
        print(item.shown(item.said_at.date()))


@app.command()
def search(
    message: Annotated[str, typer.Argument(help="what is said; the memories that fit it are found")],
    count: Annotated[int, typer.Option(min=1, help="at most so many, one a key")] = 3,
    model: Annotated[str, typer.Option(help="local, a folder, or a hub id")] = "local",
    user: User = "me",
    namespace: Namespace = NAMESPACE,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Finds the memories that fit a message best; those below the model's threshold would not be brought up."""
    with reasons(as_json), open_user_store(user, folder, model) as store:
        matches = store.search(message, count, namespace)
        limit = store.searcher.encoder.threshold
    if as_json:
        found = [_document(match.item) | {"score": round(match.score, 4), "fits": match.score >= limit} for match in matches]
        print_json({"message": message, "threshold": limit, "found": found})
        return
    for match in matches:
        print(f"{match.score:.2f}  {'fits' if match.score >= limit else 'too weak'}  {match.memory}")
    if not matches:
        tell("nothing is remembered")


@app.command("list")
def list_items(
    history: Annotated[bool, typer.Option("--history", help="also what was replaced or is over")] = False,
    user: User = "me",
    namespace: Annotated[str, typer.Option(help="only this part; all where empty")] = "",
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Shows what holds today, oldest first."""
    with reasons(as_json), open_user_store(user, folder) as store:
        items = store.items(namespace or None, history=history)
    if as_json:
        print_json([_document(item) for item in items])
        return
    today = datetime.now().date()
    for item in items:
        state = "" if item.holds_on(today) else "  (over)" if item.current else "  (replaced)"
        source = f"  < {item.message}" if item.message else ""
        where = "" if item.namespace == NAMESPACE else f"  {item.namespace}:"
        print(f"{item.said_at:%Y-%m-%d %H:%M}{where}  {item.shown(today)}{state}{source}")
    if not items:
        tell("nothing is remembered")


@app.command()
def forget(
    key: Annotated[str, typer.Argument(help="the key as it is listed; its history goes with it")],
    user: User = "me",
    namespace: Namespace = NAMESPACE,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Removes a key, its history and every trace of its words from the file."""
    with reasons(as_json), open_user_store(user, folder) as store:
        gone = store.forget(key, namespace)
    if as_json:
        print_json({"key": key, "forgotten": gone})
    elif gone:
        print(f"{gone} value{'s' if gone > 1 else ''} of '{key}' forgotten")
    else:
        tell(f"nothing is remembered under '{key}': `diaglib memory list` shows the keys")
    if not gone:
        raise typer.Exit(ANSWER_IS_NO)


@app.command()
def export(
    out: Annotated[str, typer.Argument(help="the text file to write, or - for standard output")] = "-",
    user: User = "me",
    folder: Folder = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite an existing file")] = False,
) -> None:
    """Writes everything as plain text, history included; `import` of it makes the same memory again."""
    with reasons():
        if out != "-":
            refuse_overwriting(Path(out), force)
        with open_user_store(user, folder) as store:
            text = store.export()
        if out == "-":
            print(text, end="")
            return
        with whole_file(Path(out)) as part:
            part.write_text(text, encoding="utf-8")
    print(out)


@app.command("import")
def import_file(
    file: Annotated[str, typer.Argument(help="lines '[key: value] message', or - for standard input")],
    user: User = "me",
    namespace: Namespace = NAMESPACE,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Adds the memories of a text file; lines that are none are told and left out."""
    text = read_text(file, as_json, LINES)
    with reasons(as_json), open_user_store(user, folder) as store:
        result = store.import_text(text, namespace)
    for words in result.problems:
        tell(words)
    if as_json:
        print_json({"added": result.added, "known": result.known, "problems": result.problems})
    else:
        print(f"{result.added} added, {result.known} there already, {len(result.problems)} left out")
    if result.problems:
        raise typer.Exit(ANSWER_IS_NO)


@app.command("eval")
def evaluate(
    pairs: Annotated[str, typer.Option(help="a file of lines '[key: value] message', or - for standard input")],
    model: Annotated[str, typer.Option(help="local, a folder, or a hub id")] = "local",
    as_json: Json = False,
) -> None:
    """Measures an encoder as published: error, correlation, the right item, precision, recall and silence."""
    text = read_text(pairs, as_json, LINES)
    with reasons(as_json):
        from diaglib.memory.encoder import load_encoder
        from diaglib.memory.evaluation import measure
        from diaglib.memory.pairs import read_lines

        report = measure(load_encoder(model), read_lines(f"{text}\n"))
    if as_json:
        print_json(report)
        return
    intervals = report.pop("intervals")
    for name, value in report.items():
        if value is not None:  # nothing to measure it on
            low_high = f"  ({intervals[name][0]:.2f} to {intervals[name][1]:.2f})" if name in intervals else ""
            print(f"{name.replace('_', ' '):18s} {value}{low_high}")


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="folder of the new encoder, for `--model`")],
    model: Annotated[str, typer.Option(help="local, or a folder or hub id to fine-tune")] = "local",
    epochs: Annotated[int, typer.Option(min=0, help="passes over the lines; 0 takes what the model was published with")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="the same seed gives the same training")] = 0,
) -> None:
    """Trains an encoder on our own lines and calibrates its threshold; `eval` measures it."""
    from diaglib.memory.train import train_encoder

    if out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        stop(f"{out} is not an empty folder: choose another")
    with reasons():
        encoder, curve = train_encoder(model, out, epochs or None, seed)
    tell(f"{len(curve)} steps of the curve, the last at loss {curve[-1]['loss']:.4f}; threshold {encoder.threshold:.2f}")
    print(out)


def open_user_store(user: str, folder: Path | None, model: str = "local") -> Store:
    """The store of a user, searched with that encoder, which is loaded at the first search. Raises StoreError."""
    from diaglib.memory.store import open_store
    from diaglib.runs.series import output_root

    return open_store(user, folder or output_root() / "memory", model)


def _document(item: Item) -> dict[str, Any]:
    """An item as JSON, its key as one says it today."""
    today = datetime.now().date()
    return {
        "key": item.shown(today).key,
        "value": item.value,
        "message": item.message,
        "said_at": item.said_at.isoformat(),
        "said_as": item.key,
        "last_day": item.last_day.isoformat() if item.last_day else None,
        "holds": item.holds_on(today),
        "namespace": item.namespace,
    }
