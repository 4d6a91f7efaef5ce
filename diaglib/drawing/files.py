"""The folder a drawing is written to: all files at once or none, nothing overwritten, the record `drawing.json` last.

Used by `draw`. Rule: files are made in a hidden folder beside the target, which takes the target's name when complete.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diaglib.diagram.model import Diagram
    from diaglib.drawing.draw import Drawing

RECORD_NAME = "drawing.json"
PAGE_NAME = "index.html"
SLIDES_NAME = "diagrams.pptx"


def _text(write: Callable[[Diagram], str]) -> Callable[[Diagram, Path], object]:
    return lambda diagram, path: path.write_text(write(diagram), encoding="utf-8")


# format -> (file ending, how one diagram is written); pptx is one file with a slide a diagram, see `OutputFolder.write`
WRITERS: dict[str, tuple[str, Callable[[Diagram, Path], object]]] = {
    "png": (".png", lambda diagram, path: diagram.to_png(path)),
    "svg": (".svg", _text(lambda diagram: diagram.to_svg())),
    "pdf": (".pdf", lambda diagram, path: diagram.to_pdf(path)),
    "drawio": (".drawio", _text(lambda diagram: diagram.to_drawio())),
    "mermaid": (".mmd", _text(lambda diagram: diagram.to_mermaid())),
    "dot": (".dot", _text(lambda diagram: diagram.to_dot())),
}
FORMATS = ("png", "svg", "pdf", "pptx", "drawio", "mermaid", "dot")


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """`target` is where the drawing will be; `staging` where it is made."""

    target: Path
    staging: Path

    @classmethod
    def prepare(cls, out: str | Path) -> OutputFolder:
        """Claims a place. A folder that holds something gets a numbered folder inside: `drawing-01`, `drawing-02` …

        Raises OSError with what to do where nothing can be written there.
        """
        out = Path(out)
        if out.exists() and not out.is_dir():
            raise NotADirectoryError(f"{out} is a file: give a folder to write the drawing to")
        try:
            filled = out.is_dir() and any(out.iterdir())
            target = _free_folder(out) if filled else out
            target.parent.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        except OSError as error:
            raise type(error)(f"cannot write to {out} ({error.strerror or error}): give another folder") from error
        staging.chmod(0o755)
        return cls(target, staging)

    def write(
        self,
        prompt: str,
        drawings: Sequence[Drawing],
        formats: Sequence[str],
        request: dict[str, Any],
        notes: Sequence[str] = (),
    ) -> tuple[list[Drawing], Path]:
        """Writes pictures, slides, page (which ends in the `notes`) and record; returns the drawings with their files, and
        the page."""
        from diaglib.drawing.page import render_page

        names = self._write_files(drawings, formats)
        (self.staging / PAGE_NAME).write_text(render_page(prompt, drawings, names, notes), encoding="utf-8")
        record = _record(prompt, drawings, names, request)
        (self.staging / RECORD_NAME).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        target = self._take_place()
        kept = [
            replace(drawing, files={format_: target / name for format_, name in files.items()})
            for drawing, files in zip(drawings, names, strict=True)
        ]
        return kept, target / PAGE_NAME

    def _write_files(self, drawings: Sequence[Drawing], formats: Sequence[str]) -> list[dict[str, str]]:
        """File names by format for every drawing."""
        names: list[dict[str, str]] = []
        for number, drawing in enumerate(drawings, 1):
            files = {}
            for format_ in dict.fromkeys(formats):
                if format_ == "pptx":
                    files[format_] = SLIDES_NAME
                    continue
                ending, write = WRITERS[format_]
                files[format_] = f"{number:02d}{ending}"
                write(drawing.diagram, self.staging / files[format_])
            names.append(files)
        if "pptx" in formats:
            from diaglib.diagram.slides import write_pptx

            write_pptx([drawing.diagram for drawing in drawings], self.staging / SLIDES_NAME)
        return names

    def _take_place(self) -> Path:
        """Gives the finished folder its name; where someone else was faster, the next free one."""
        target = self.target
        for _ in range(100):
            try:
                self.staging.rename(target)  # takes the place of an empty folder, fails on one that holds something
            except OSError:
                if not target.is_dir():
                    raise
                target = _free_folder(self.target.parent if self.target.name.startswith("drawing-") else self.target)
            else:
                return target
        raise FileExistsError(f"no free name for the drawing beside {self.target}: give another folder")

    def clean_up(self) -> None:
        """Removes what an interrupted drawing left behind; nothing where it was finished."""
        shutil.rmtree(self.staging, ignore_errors=True)


def _free_folder(parent: Path) -> Path:
    number = 1
    while (parent / f"drawing-{number:02d}").exists():
        number += 1
    return parent / f"drawing-{number:02d}"


def _record(prompt: str, drawings: Sequence[Drawing], names: list[dict[str, str]], request: dict[str, Any]) -> dict[str, Any]:
    """What was asked, with what, and what came out: enough to draw it again."""
    try:
        own_version = version("diaglib")
    except PackageNotFoundError:
        own_version = "not installed"
    return {
        "prompt": prompt,
        "request": request,
        "diaglib": own_version,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "drawings": [
            {
                "plan": drawing.plan.to_text(),
                "nodes": drawing.diagram.to_text(),
                "style": asdict(drawing.style),
                "score": round(drawing.score, 4),
                "readability": drawing.readability,
                "taste": drawing.taste,
                "reasons": list(drawing.reasons),
                "legibility": {name: round(value, 4) for name, value in drawing.legibility.items()},
                "contradictions": list(drawing.contradictions),
                "unverified": list(drawing.unverified),
                "verified": list(drawing.verified),
                "files": files,
            }
            for drawing, files in zip(drawings, names, strict=True)
        ],
    }
