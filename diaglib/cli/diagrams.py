"""`diaglib draw`, `check` and `render`: sentence to diagrams, what a text holds, text to one picture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diaglib.cli.common import ANSWER_IS_NO, print_json, read_text, reasons, refuse_overwriting, stop, tell, whole_file

if TYPE_CHECKING:
    from diaglib.diagram import Diagram

_PLAN_START = re.compile(r"\s*\d+ [a-z]+\b(?!\s*:)")
_SUFFIXES = {
    ".png": "to_png",
    ".pdf": "to_pdf",
    ".pptx": "to_pptx",
    ".svg": "to_svg",
    ".drawio": "to_drawio",
    ".mmd": "to_mermaid",
    ".dot": "to_dot",
}
_WRITTEN_BY_METHOD = {".png", ".pdf", ".pptx"}


def draw(
    prompt: Annotated[str, typer.Argument(help="a sentence that tells the layers of a network or the steps of a flow")],
    count: Annotated[int, typer.Option(help="variants to draw")] = 5,
    keep: Annotated[int, typer.Option(help="the best of them to keep")] = 3,
    out: Annotated[Path | None, typer.Option(help="folder to write to; outputs/drawings/… where not given")] = None,
    model: Annotated[str, typer.Option(help="tiny, a folder, or a hub id")] = "tiny",
    formats: Annotated[str, typer.Option("--format", help="png, svg, pdf, pptx, drawio, mermaid, dot")] = "png,svg,pptx",
    seed: Annotated[int, typer.Option(min=0, help="the same seed gives the same diagrams")] = 0,
    ratings: Annotated[Path | None, typer.Option(help="your ratings: CSV with img_path,score, or folders 0 to 5")] = None,
    weights: Annotated[str, typer.Option(help="of readability and taste")] = "0.5,0.5",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
) -> None:
    """Turns a sentence into ranked, editable diagrams and a page that shows them."""
    from diaglib.drawing.draw import draw as draw_diagrams
    from diaglib.drawing.prompts import PromptError
    from diaglib.llm.hub_loading import ModelLoadError
    from diaglib.runs.series import folder_name, output_root
    from diaglib.scoring.weights import read_weights

    wanted = [name.strip() for name in formats.split(",") if name.strip()]
    with reasons(as_json):
        try:
            drawings = draw_diagrams(
                prompt,
                count,
                keep,
                model,
                out or output_root() / "drawings" / folder_name(prompt),
                wanted,
                seed,
                ratings=ratings,
                weights=read_weights(weights),
            )
        except PromptError as error:
            stop(str(error), as_json=as_json, examples=error.examples)
        except ModelLoadError as error:
            stop(str(error), as_json=as_json)
    for number, drawing in enumerate(drawings, 1):
        for words in drawing.contradictions:
            tell(f"diagram {number}: {words}")
        for words in drawing.unverified:
            tell(f"diagram {number}, not verified: {words}")
    if ratings:
        for words in drawings.notes:
            tell(words)
    if as_json:
        print_json(
            {
                "prompt": prompt,
                "index": str(drawings.index),
                "drawn": drawings.drawn,
                "notes": drawings.notes,
                "drawings": [
                    {
                        "score": round(drawing.score, 4),
                        "readability": drawing.readability,
                        "taste": drawing.taste,
                        "reasons": drawing.reasons,
                        "right": not drawing.contradictions,
                        "contradictions": drawing.contradictions,
                        "unverified": drawing.unverified,
                        "verified": drawing.verified,
                        "legibility": drawing.legibility,
                        "plan": drawing.plan.to_text(),
                        "files": {name: str(path) for name, path in drawing.files.items()},
                    }
                    for drawing in drawings
                ],
            }
        )
        return
    for number, drawing in enumerate(drawings, 1):
        state = "flagged" if drawing.contradictions else "as asked"
        print(f"{number}  score {drawing.score:.2f}  {state}  {' '.join(str(path) for path in drawing.files.values())}")
    print(drawings.index)


def check(
    file: Annotated[str, typer.Argument(help="a file with a model's answer, or - for standard input")],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
) -> None:
    """Reads node lines and says what is there: nodes, problems, compliance, legibility."""
    from diaglib.diagram import parse

    parsed = parse(read_text(file, as_json))
    diagram = parsed.diagram
    legibility = diagram.legibility() if diagram.nodes else {}
    problems = [{"line": problem.line, "kind": problem.kind, "words": problem.words} for problem in parsed.problems]
    if as_json:
        print_json(
            {
                "nodes": len(diagram.nodes),
                "links": len(diagram.edges()),
                "compliant": parsed.compliant,
                "problems": problems,
                "legibility": legibility,
            }
        )
    else:
        print(f"{len(diagram.nodes)} nodes, {len(diagram.edges())} links: {'compliant' if parsed.compliant else 'not compliant'}")
        for problem in problems:
            print(f"line {problem['line']}: {problem['words']}")
        if legibility:
            parts = ", ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in legibility.items() if name != "score")
            print(f"legibility {legibility['score']:.2f} of 1: {parts}")
    if not parsed.compliant:
        raise typer.Exit(ANSWER_IS_NO)


def render(
    file: Annotated[str, typer.Argument(help="a file with node lines or a plan, or - for standard input")],
    out: Annotated[Path, typer.Option(help="the picture to write: .png .svg .pdf .pptx .drawio .mmd .dot")],
    force: Annotated[bool, typer.Option("--force", help="overwrite an existing file")] = False,
) -> None:
    """Draws one diagram from its text."""
    suffix = out.suffix.lower()
    if suffix not in _SUFFIXES:
        stop(f"{out}: a picture ends in one of {' '.join(_SUFFIXES)}")
    refuse_overwriting(out, force)
    text = read_text(file)
    with reasons():
        diagram = read_diagram(text)
        write = getattr(diagram, _SUFFIXES[suffix])
        with whole_file(out) as part:
            if suffix in _WRITTEN_BY_METHOD:
                write(part)
            else:
                part.write_text(write(), encoding="utf-8")
    print(out)


def read_diagram(text: str) -> Diagram:
    """The diagram of a plan's text, laid out, or of node lines. Raises ValueError where it holds neither."""
    from diaglib.diagram import Plan, parse

    if _PLAN_START.match(text):
        return Plan.from_text(text).layout()
    parsed = parse(text)
    for problem in parsed.problems:
        tell(f"line {problem.line}: {problem.words}")
    if not parsed.diagram.nodes:
        raise ValueError(
            "there is no diagram in this text: give node lines such as [0, 100, 50, 'circle', …] or a plan such as '0 input 4'"
        )
    return parsed.diagram
