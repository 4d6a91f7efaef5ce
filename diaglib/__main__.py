"""The command line: `python -m diaglib …`, also installed as `diaglib`.

Rule: results on standard output, progress and reasons on standard error; `--json` prints one document. Exit codes: 0 done,
1 done and the answer is no (a failed notebook, a text that is not compliant), 2 cannot be done as typed, 130 interrupted.
"""

from __future__ import annotations

import io
import signal
import sys

import typer

from diaglib.cli import candidates, chat, diagrams, memory, notebooks, scoring, training, tuning

app = typer.Typer(
    name="diaglib",
    help="From a sentence to ranked, editable diagrams.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(notebooks.run)
app.command()(diagrams.draw)
app.command()(diagrams.check)
app.command()(diagrams.render)
app.command()(scoring.score)
app.command()(notebooks.dataset)
app.command()(candidates.fit)
app.command()(training.train)
app.command("train-readability")(training.train_readability)
app.command("train-autoencoder")(scoring.train_autoencoder)
app.add_typer(memory.app)
app.command()(chat.chat)
app.command("train-chat")(training.train_chat)
app.add_typer(tuning.app, name="tune")


def main() -> None:
    """Runs the command line on `sys.argv`; Ctrl-C and a closed pipe end it without a traceback."""
    for stream in (sys.stdout, sys.stderr):  # a character the terminal cannot show is no reason to stop
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except KeyboardInterrupt:  # between commands, where typer does not catch it
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
