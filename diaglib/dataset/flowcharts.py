"""Flowcharts of data and work, in the style of the published generator: every work step is told with its inputs and outputs.

Used by notebook 02. Conventions (FACTS of the published data): a main chain of data and work, side branches and extra
inputs (probability 0.2 each); `X converts A into B` is a link from A to B without a node of its own; the first
input of a step in the main chain is what the step before left behind, whatever synonym it is called by.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from diaglib.dataset.phrases import article, ways
from diaglib.dataset.words import OPENERS, nonce
from diaglib.diagram.plan import Plan, PlanNode

FAMILY = "flowchart"

DATA_WORDS = {
    "numeric": ways(
        "matrix | matrices | tensor | tensors | pytorch tensor | array | numpy array | vector | vectors | buffer | buffers |"
        "numbers | tokens | pandas dataframe | numeric data | embedding | values | feature matrix"
    ),
    "str": ways(
        "text | string | strings | sentence | sentences | tokens | document | pandas dataframe | words | text file | csv file |"
        "json | paragraph | text data"
    ),
    "picture": ways("image | images | picture | png file | jpg file | photo | image file | figure | bitmap | pixels | jpeg file"),
    "db": ways("DB | database | data store | data storage | storage | SQL database | data warehouse | vector DB | repository"),
    "chart": ways(
        "chart | graph | histogram | line chart | bar chart | table | figure | plot | scatter plot | pie chart | dashboard |"
        "picture | heatmap"
    ),
}
WORK_WORDS = {
    "func": ways(
        "function | python code | python file | code file | code | script | python function | module | program | method"
    ),
    "process": ways(
        "process | processing | pre-processing | preprocessing | feature engineering | PCA | post-processing | cleaning |"
        "normalization | tokenizer | pipeline | filtering | augmentation | data processing | procedure"
    ),
    "model": ways(
        "model | AI model | deep learning model | machine learning model | NN | neural net | neural network | CNN | CNN model |"
        "LLM | language model | DL model | transformer | classifier | ML model | regression model | BERT"
    ),
}
_DATA = tuple(DATA_WORDS)
_WORK = ("func", "process", "model")


@dataclass
class _Step:
    """A work node with the data it reads and writes, or (work None) a conversion from one datum to another."""

    work: int | None
    inputs: list[int]
    outputs: list[int]


@dataclass
class _Chart:
    kinds: list[str] = field(default_factory=list)
    steps: list[_Step] = field(default_factory=list)

    def add(self, kind: str) -> int:
        self.kinds.append(kind)
        return len(self.kinds) - 1


def sample(rng: random.Random) -> tuple[str, Plan]:
    """A sentence and its plan of 3 to 18 nodes, most of at most 15 as in the published data, numbered as they are told."""
    most = 15 if rng.random() < 0.9 else 18
    chart = _structure(rng)
    while len(chart.kinds) > most:
        chart = _structure(rng)
    names = {i: _name(rng, kind) for i, kind in enumerate(chart.kinds)}
    sentence, order = _tell(rng, chart, names)
    number = {old: new for new, old in enumerate(order)}
    links: dict[int, set[int]] = {old: set() for old in order}
    for step in chart.steps:
        if step.work is None:
            links[step.inputs[0]].add(step.outputs[0])
        else:
            for datum in step.inputs:
                links[datum].add(step.work)
            links[step.work].update(step.outputs)
    nodes = [
        PlanNode(number[old], chart.kinds[old], names[old], links=tuple(sorted(number[target] for target in links[old])))
        for old in order
    ]
    return sentence, Plan.of(nodes)


def _structure(rng: random.Random) -> _Chart:
    chart = _Chart()
    length = rng.randint(4, 11) if rng.random() < 0.9 else 3
    chain = [chart.add(rng.choice(_DATA if rng.random() < 0.7 else _WORK))]
    while len(chain) < length:
        before_is_data = chart.kinds[chain[-1]] in _DATA
        converts = before_is_data and rng.random() < 0.2
        chain.append(chart.add(rng.choice(_DATA if converts or not before_is_data else _WORK)))
    side: list[_Step] = []
    for place, node in enumerate(chain):
        before = chain[place - 1] if place else None
        after = chain[place + 1] if place + 1 < len(chain) else None
        if chart.kinds[node] in _DATA:
            if before is not None and chart.kinds[before] in _DATA:
                chart.steps.append(_Step(None, [before], [node]))
            _branch_off_datum(rng, chart, side, node)
        else:
            step = _Step(node, [before] if before is not None else [], [after] if after is not None else [])
            while rng.random() < 0.2 and len(step.inputs) < 3:
                extra = chart.add(rng.choice(_DATA))
                step.inputs.append(extra)
                if rng.random() < 0.2:
                    side.append(_Step(chart.add(rng.choice(_WORK)), [], [extra]))
            while rng.random() < 0.2 and len(step.outputs) < 3:
                extra = chart.add(rng.choice(_DATA))
                step.outputs.append(extra)
                _branch_off_datum(rng, chart, side, extra)
            chart.steps.append(step)
    if not any(step.work is not None or step.inputs for step in chart.steps):
        return _structure(rng)
    chart.steps += side
    return chart


def _branch_off_datum(rng: random.Random, chart: _Chart, side: list[_Step], node: int) -> None:
    """Further steps that read, or write, a datum that is there already."""
    while rng.random() < 0.2 and len(side) < 6:
        step = _Step(chart.add(rng.choice(_WORK)), [node], [])
        if rng.random() < 0.3:
            step.outputs.append(chart.add(rng.choice(_DATA)))
        if rng.random() < 0.2:
            step.inputs.append(chart.add(rng.choice(_DATA)))
        side.append(step)
    while rng.random() < 0.2 and len(side) < 6:
        step = _Step(chart.add(rng.choice(_WORK)), [], [node])
        if rng.random() < 0.15:
            step.outputs.append(chart.add(rng.choice(_DATA)))
        if rng.random() < 0.15:
            step.inputs.append(chart.add(rng.choice(_DATA)))
        side.append(step)


def _name(rng: random.Random, kind: str) -> str:
    if rng.random() < 0.03:
        return nonce(rng)
    return rng.choice(DATA_WORDS[kind] if kind in DATA_WORDS else WORK_WORDS[kind])


_READS_WRITES = (
    "inputs {i}, and outputs {o} and process {t} with {w}", "inputs {i} and outputs {o} and processes {t} with {w}",
    "{w} that inputs {i}, and outputs {o}", "{w} that, with {i} as input, and {o} as output",
    "{w} that process {i}, and outputs {o}", "{a} that takes {i} and returns {o}", "{w} with {i} as input and {o} as output",
    "{w} reads {i} and writes {o}", "{i} goes into {w}, which gives {o}", "feed {i} to {w} to get {o}",
    "{w} takes {i} as input and produces {o}", "using {i}, {w} makes {o}", "{w}: {i} -> {o}", "{i} -> {w} -> {o}",
    "{i} is processed by {w} and {o} comes out", "{a} that turns {i} to {o}", "get {o} from {i} by {w}",
    "{o} is made from {i} with {w}", "process {i} with {w} and output {o}",
)  # fmt: skip
_READS = (
    "inputs {i} and process {t} with {w}", "{w} that inputs {i}", "{w} that, with {i} as input", "{w} that process {i}",
    "{a} that takes {i}", "{w} with {i} as input", "{w} reads {i}", "{i} goes into {w}", "feed {i} to {w}",
    "process {i} with {w}", "{i} -> {w}", "{i} is processed by {w}",
)  # fmt: skip
_WRITES = (
    "outputs {o} and process {u} with {w}", "{w} that outputs {o}", "{w} that with {o} as output", "{w} that, with {o} as output",
    "{a} that returns {o}", "{w} with {o} as output", "{w} writes {o}", "{w} produces {o}", "{w} -> {o}", "{o} comes out of {w}",
)  # fmt: skip
_CONVERTS = (
    "{a} converts {i} into {o}", "{a} converts {i} to {o}", "a {p} converts {i} into {o}", "{i} is converted into {o} by {p}",
    "{p} that converts {i} into {o}", "convert {i} into {o} with {p}",
)  # fmt: skip
_PUBLISHED_SHARE = {id(_READS_WRITES): 5, id(_READS): 4, id(_WRITES): 4, id(_CONVERTS): 3}


def _template(rng: random.Random, templates: tuple[str, ...]) -> str:
    """Half the time one of the first few, which are the published wordings."""
    return rng.choice(templates[: _PUBLISHED_SHARE[id(templates)]] if rng.random() < 0.6 else templates)


def _tell(rng: random.Random, chart: _Chart, names: dict[int, str]) -> tuple[str, list[int]]:
    """The sentence, and the nodes in the order of their first mention."""
    order: list[int] = []
    lines = []
    many = rng.choice((", ", ", ", " and "))
    for step in chart.steps:
        told = {}
        for node in [*step.inputs, *step.outputs]:
            first = node not in order
            told[node] = names[node] if first or rng.random() < 0.4 else _name(rng, chart.kinds[node])
        inputs = many.join(told[node] for node in step.inputs)
        outputs = many.join(told[node] for node in step.outputs)
        mentioned = [*step.inputs, *([] if step.work is None else [step.work]), *step.outputs]
        order += [node for node in mentioned if node not in order]
        if step.work is None:
            work = rng.choice(WORK_WORDS[rng.choice(("func", "process", "process"))])
            templates: tuple[str, ...] = _CONVERTS
        else:
            work = names[step.work]
            templates = _READS_WRITES if step.inputs and step.outputs else _READS if step.inputs else _WRITES
        them = "them" if (step.outputs and step.inputs) or len(step.inputs) > 1 else "it"
        their = "them" if len(step.outputs) > 1 else "it"
        lines.append(_template(rng, templates).format(i=inputs, o=outputs, w=work, p=work, a=article(work), t=them, u=their))
    head = rng.choice(("", "", "ML ", "AI ", "RAG ", "data ", "machine learning ", "deep learning ", "NLP ", "computer vision "))
    head += rng.choice(("model", "algorithm", "process", "pipeline", "workflow", "system", "flow", "flowchart", "program"))
    head += rng.choice(
        (" that includes", " that contains", " that consists of", " that has", " with", " which includes", " composed of")
    )
    opener = rng.choice(OPENERS) if rng.random() < 0.4 else ""
    layout = rng.random()
    if layout < 0.65:
        bullet = rng.choice(("- ", "- ", "* ", "* ", "• "))
        body = "\n".join(bullet + line for line in lines) + rng.choice(("", "", ".", "\n"))
        return f"{opener}{head}{rng.choice((', ', ' ', ',', ':'))}\n{body}", order
    if layout < 0.8:
        return f"{opener}{head} " + rng.choice((", ", "; ", ", and ", ", and then ")).join(lines), order
    if layout < 0.9:
        return ". ".join(line[0].upper() + line[1:] for line in lines) + ".", order
    return f"{opener}{head}:\n" + "\n".join(f"{i}. {line}" for i, line in enumerate(lines, 1)), order
