"""What looks on while a run trains: curves drawn live, a bar with the time left, and the check that weights really change.

Used by notebooks 03 and 04. Rule: it looks, it changes nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from diaglib.tuning.errors import TuningError
from diaglib.tuning.processes import own_piece

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REDRAW_S = 3.0
STEPS_TO_LEARN = 5  # the first step of a warm-up has a rate of zero, and fp16 may skip the first ones


class LearningCheck(TrainerCallback):
    """Stops a run whose trained weights get no gradients, or do not change: 4-bit layers on a CPU can train nothing silently.

    `found` is what a report shows.
    """

    def __init__(self, model: Any) -> None:
        self.weights = _trained(model)
        self.before: dict[str, Any] = {}
        self.first_step = -1
        self.found: dict[str, int] = {"trained": len(self.weights), "with_gradients": 0, "changed": 0}

    def on_step_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if self.first_step < 0:
            self.first_step = state.global_step
            self.weights = _trained(model)  # by now they may be spread over processes
            self.before = {name: own_piece(weight.detach()).clone() for name, weight in self.weights.items()}

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.before:
            gradients = [weight.grad for weight in self.weights.values() if weight.grad is not None]
            some = sum(bool(own_piece(gradient).any()) for gradient in gradients)
            self.found["with_gradients"] = max(self.found["with_gradients"], some)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if not self.before or state.global_step < min(self.first_step + STEPS_TO_LEARN, state.max_steps):
            return
        self.found["changed"] = sum(not own_piece(one.detach()).equal(self.before[name]) for name, one in self.weights.items())
        self.before = {}
        if not self.weights or not self.found["with_gradients"] or not self.found["changed"]:
            raise TuningError(
                "learning",
                f"after {STEPS_TO_LEARN} steps, of {len(self.weights)} trained tensors {self.found['with_gradients']} had "
                f"gradients and {self.found['changed']} changed: nothing is learnt. With 4-bit weights on a CPU take method lora",
            )


def _trained(model: Any) -> dict[str, Any]:
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


class Curves(TrainerCallback):
    """The losses so far: a bar with the time left on standard error, and in a notebook a figure that is redrawn."""

    def __init__(self, title: str, live: bool) -> None:
        self.title, self.live = title, live
        self.bar: Any = None
        self.shown: Any = None
        self.drawn_at = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        from tqdm import tqdm

        if state.is_world_process_zero:
            self.bar = tqdm(total=state.max_steps, initial=state.global_step, desc=self.title, unit="step")

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        if not logs or self.bar is None:
            return
        self.bar.update(state.global_step - self.bar.n)
        if "loss" in logs:
            self.bar.set_postfix(loss=f"{float(logs['loss']):.3f}", refresh=False)
        if self.live and time.monotonic() - self.drawn_at > REDRAW_S:
            self._show(state.log_history)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.bar is not None:
            self.bar.close()
        if self.live:
            self._show(state.log_history)

    def _show(self, history: list[dict[str, float]]) -> None:
        import matplotlib.pyplot as plt
        from IPython.display import display

        figure = loss_figure(history, self.title)
        if self.shown is None:
            self.shown = display(figure, display_id=True)
        else:
            self.shown.update(figure)
        plt.close(figure)
        self.drawn_at = time.monotonic()


def loss_figure(history: list[dict[str, float]], title: str) -> Figure:
    """Losses of training and validation by step, from a trainer's log history."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 3.2))
    for name, words, shift, style in (
        ("loss", "training", -8, {"color": "#a9c4ea"}),
        ("eval_loss", "validation", 8, {"color": "#1f5fbf", "marker": "o"}),
    ):
        points = [(entry["step"], float(entry[name])) for entry in history if name in entry]
        if points:
            axes.plot(*zip(*points, strict=True), label=words, **style)
            axes.annotate(f"{points[-1][1]:.3f}", points[-1], xytext=(6, shift), textcoords="offset points", va="center")
    axes.set(xlabel="step", ylabel="loss a token of the answer", title=title)
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.lines:
        axes.legend(frameon=False)
    return figure
