"""The rating panel of notebook 05: a picture, 0 to 5 by click or key, undo, progress. In a headless run, the stored ratings.

Rule: the panel only shows; what is rated, saved and shown next is `RatingSession`'s.
"""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING, Any

from diaglib.scoring.rating_session import RatingSession

if TYPE_CHECKING:
    import ipywidgets

MEANINGS = ("0 worst", "1", "2", "3", "4", "5 best")
UNDO_KEY = "u"


def rating_panel(session: RatingSession, headless: bool = False) -> Any:
    """The panel as a widget, or, where nobody can click, the stored ratings as a page."""
    return stored_ratings(session) if headless else build_panel(session)


def build_panel(session: RatingSession) -> ipywidgets.VBox:
    """Picture, key field, six buttons, undo, progress; the parts are its children in this order: picture, rate, state."""
    import ipywidgets

    picture = ipywidgets.Image(format="png", layout={"width": "100%", "max_width": "800px", "border": "1px solid #d9d9d6"})
    buttons = [ipywidgets.Button(description=words, layout={"width": "5.5rem"}) for words in MEANINGS]
    undo = ipywidgets.Button(description="undo", icon="undo", layout={"width": "5.5rem"})
    key = ipywidgets.Text(
        placeholder="or type 0 to 5, u to undo", continuous_update=True, layout={"width": "13rem"}, description_allow_html=False
    )
    progress = ipywidgets.IntProgress(max=len(session.diagrams), layout={"width": "14rem"})
    state = ipywidgets.Label()

    def show() -> None:
        done = len(session.ratings)
        progress.value = done
        undo.disabled = done == 0
        for button in buttons:
            button.disabled = session.current is None
        if session.current is None:
            state.value = f"All {done} diagrams are rated. They are in {session.file.as_posix()}."
        else:
            picture.value = session.pictures[session.current].read_bytes()
            state.value = f"{done} of {len(session.diagrams)} rated, saved in {session.file.as_posix()}"

    def rate(score: float) -> None:
        if session.current is not None:
            session.rate(score)
        show()

    def take_back(_: Any = None) -> None:
        session.undo()
        show()

    def typed(change: dict[str, Any]) -> None:
        text = str(change["new"]).strip().lower()
        if not text:
            return
        key.value = ""  # empty again, so that the next key is a change
        if text[-1] in "012345":
            rate(float(text[-1]))
        elif text[-1] == UNDO_KEY:
            take_back()

    for score, button in enumerate(buttons):
        button.on_click(lambda _, score=score: rate(float(score)))
    undo.on_click(take_back)
    key.observe(typed, names="value")
    show()
    return ipywidgets.VBox([picture, ipywidgets.HBox([*buttons, undo, key]), ipywidgets.HBox([progress, state])])


def stored_ratings(session: RatingSession, columns: int = 6) -> Any:
    """The rated pictures with their ratings, best first, as the value of a cell; says so where nothing is rated yet."""
    from IPython.display import HTML

    rated = sorted(session.ratings.items(), key=lambda item: -item[1])
    if not rated:
        return HTML(f"<p>Nothing is rated yet in {html.escape(session.file.as_posix())}.</p>")
    cards = "".join(
        f'<figure style="margin:0"><img alt="" style="width:100%;border:1px solid #dfe3ea" src="data:image/png;base64,'
        f'{base64.b64encode(_small_png(session, place)).decode()}"><figcaption style="font-size:12px">{score:g} of 5'
        "</figcaption></figure>"
        for place, score in rated
    )
    return HTML(f'<div style="display:grid;grid-template-columns:repeat({columns},minmax(0,1fr));gap:8px">{cards}</div>')


def _small_png(session: RatingSession, place: int) -> bytes:
    from diaglib.diagram.picture.files import encode_png

    return encode_png(session.diagrams[place], 0.3)
