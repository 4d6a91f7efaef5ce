"""Retrieval, training and operations flows in words: a text with places, the names a place can take, and the links.

Used by `pipelines`. Rule: the places are listed in the order of the flow; a place with one name is a word of the text.
"""

from __future__ import annotations

Flow = tuple[tuple[str | tuple[str, ...], ...], tuple[tuple[str, tuple[str, ...]], ...], tuple[tuple[str, str], ...]]

_NAMES = {
    "q": "user query|question|query|user question|prompt|customer question|message",
    "e": "embedding model|encoder model|embedder|BERT|query encoder|text encoder|sentence transformer",
    "r": "retriever|search|similarity search|vector search|lookup|semantic search|nearest neighbour search",
    "d": "vector database|vector store|knowledge base index|document store|database|FAISS index|search index|document index",
    "c": "top documents|relevant chunks|passages|top passages|retrieved documents|best chunks|documents|context chunks",
    "k": "reranker|ranker|filter|cross encoder",
    "m": "LLM|language model|GPT|large language model|model|generator model|chatbot",
    "z": "prompt template|prompt builder|context|augmented prompt|prompt assembly",
    "a": "answer|response|final answer|reply|summary|report",
    "s": "documents|PDF documents|articles|wiki articles|text files|manuals|web pages|notes",
    "p": "splitter|chunking|chunker|text splitter|parser",
    "v": "embeddings|vectors|chunk embeddings|dense vectors",
    "x": "raw data|dataset|data|customer data|sensor data|csv|transactions|labelled data",
    "t": "training set|train set|training data|training split",
    "u": "test set|test data|holdout set|validation set|test split",
    "f": "feature extraction|feature engineering|preprocessing|cleaning|data cleaning|normalization",
    "n": "classifier|model|neural network|random forest|regressor|CNN|XGBoost model|transformer",
    "w": "metrics|scores|accuracy report|evaluation report|evaluation metrics",
    "g": "model registry|registry|artifact store|S3 bucket",
    "o": "deployment|serving|API|endpoint|production service|REST API",
    "b": "monitoring|monitoring dashboard|dashboard|alerting|drift detection",
}


def _flow(text: str, arrows: str) -> Flow:
    """`[a/b]` is one of these; places are single letters, any longer key is a word of the text; arrows `q>e e>r`; "
    "order is that of the arrows."""
    pairs = tuple((one, two) for one, two in (arrow.split(">") for arrow in arrows.split()))
    keys: list[str] = []
    targets = [pair[1] for pair in pairs]
    waiting = [key for pair in pairs for key in pair]
    for key in waiting:
        if key in keys:
            continue
        for source in [pair[0] for pair in pairs if pair[1] == key and pair[0] not in keys]:
            if source not in targets:
                keys.append(source)
        keys.append(key)
    places = tuple((key, tuple(_NAMES[key].split("|")) if key in _NAMES else (key.replace("_", " "),)) for key in keys)
    pieces: list[str | tuple[str, ...]] = []
    for part in text.split("["):
        choice, bracket, rest = part.partition("]")
        pieces += [tuple(choice.split("/")), rest] if bracket else [choice]
    return tuple(pieces), places, pairs


RAG_FLOWS: tuple[Flow, ...] = (
    _flow(
        "{q} is embedded, the {r} [looks up/searches/queries/reads] the {d}, the {c} and the {q} [go to/are sent to/are "
        "passed to] the {m}, "
        "which [writes/generates/gives] the {a}",
        "q>embedded embedded>r d>r r>c c>m q>m m>a",
    ),
    _flow("[RAG: /RAG pipeline: /rag /]{q} -> {e} -> {r} -> {c} -> {m} -> {a}", "q>e e>r r>c c>m m>a"),
    _flow(
        "[the /a /]{q} [goes to/enters/is sent to] the {e}[, then/. Then/ and then] the {r} [searches/looks "
        "in/uses/queries] the {d}. The {m} [reads/gets/uses] "
        "the {c} and [writes/produces/returns] the {a}",
        "q>e e>r d>r r>c c>m m>a",
    ),
    _flow(
        "the {e} [encodes/embeds/reads] the {q}. The {r} [finds/fetches/gets] {c} [in/from] the {d}. The {c} and the "
        "{q} are [given/passed/sent] to the {m}, "
        "which [returns/writes] the {a}",
        "q>e e>r d>r r>c c>m q>m m>a",
    ),
    _flow(
        "[A RAG system where /RAG where /a pipeline in which ]the {r} takes the {q} and the {d} and "
        "[passes/sends/gives] the {c} to the {m}, which "
        "[generates/writes] the {a}",
        "q>r d>r r>c c>m m>a",
    ),
    _flow(
        "[retrieval augmented generation: /RAG. /]{s} are split by the {p}, embedded by the {e} and [stored/saved/kept] "
        "in the {d}. The {r} uses the {q} and the "
        "{d} to [find/get] {c}. The {m} turns the {c} into [an /the /]{a}",
        "s>p p>e e>d d>r q>r r>c c>m m>a",
    ),
    _flow("{s} [go/pass/run] through the {p} and the {e} into the {d}", "s>p p>e e>d"),
    _flow(
        "[index the/indexing of the/first the] {s}: the {p} [cuts/splits] them, the {e} makes {v}, and the {v} are "
        "[stored/put/saved] in the {d}",
        "s>p p>e e>v v>d",
    ),
    _flow(
        "the {m} gets the {q} and the {c} that the {r} [found/fetched/looked up] in the {d}, and "
        "[writes/gives/generates] the {a}",
        "q>r d>r r>c c>m q>m m>a",
    ),
    _flow(
        "{q} to {r}, {r} gets {c} from the {d}, {k} [sorts/reorders/ranks] the {c}, {m} [answers with/writes] the {a}",
        "q>r d>r r>c c>k k>m m>a",
    ),
    _flow(
        "The {a} is [written/generated/made] by the {m}, which [reads/gets/uses] the {c} found by the {r} for the {q}",
        "q>r r>c c>m m>a",
    ),
    _flow(
        "[User asks a /There is a /]{q}. {r} over the {d}. {k} picks the {c}. {m} [writes/gives] the {a}.",
        "q>r d>r r>k k>c c>m m>a",
    ),
    _flow("[draw a /a /]RAG [pipeline /system /chatbot /]with {q}, {e}, {d}, {m} and {a}", "q>e e>d d>m m>a"),
    _flow(
        "[chatbot with retrieval/a RAG chatbot/question answering]: {q}, {r}, {k}, {m}, {a}; the {d} feeds the {r}",
        "q>r d>r r>k k>m m>a",
    ),
    _flow(
        "the {q} and the {c} from the {d} are [combined in/put into/merged in] a {z}, which [goes/is sent] to the {m} "
        "to [get/write] the {a}",
        "d>c q>z c>z z>m m>a",
    ),
    _flow(
        "the {r} uses the {q} to search the {d}; [its/the] {c} go into the {z} together with the {q}; the {m} [answers "
        "with/returns] the {a}",
        "q>r d>r r>c c>z q>z z>m m>a",
    ),
    _flow(
        "[the /our /]{x} is split into [a /the /]{t} and [a /the /]{u}. The {n} is trained on the {t} and evaluated on the {u}",
        "x>split split>t split>u t>n n>evaluated u>evaluated",
    ),
    _flow("{x} goes [through/to/into] {f}, then [we /]train the {n} and [compute/report/get] {w}", "x>f f>n n>w"),
    _flow(
        "train a {n} on the {x} after {f}, evaluate it to get {w}, push it to the {g}, then {o} and {b}",
        "x>f f>n n>w w>g g>o o>b",
    ),
    _flow(
        "{f} [cleans/prepares/takes] the {x}, the {n} learns from the {t}, the {u} checks it and gives {w}", "x>f f>t t>n n>w u>w"
    ),
    _flow(
        "[MLOps/ml ops/our mlops loop]: {x}, {f}, {n}, {w}, {g}, {o}, {b}, and {b} [triggers retraining from/goes back "
        "to/loops back to] {f}",
        "x>f f>n n>w w>g g>o o>b b>f",
    ),
    _flow("the {n} is [taken/loaded] from the {g} to {o}, [watched/monitored] by {b}", "g>n n>o o>b"),
    _flow(
        "collect {x}, apply {f}, feed the {n}; its predictions go to the {w} and to the {o}",
        "x>f f>n n>predictions predictions>w predictions>o",
    ),
    _flow("{x} and {s} are [merged/combined/joined] in the {f}, which feeds the {n}; the {n} fills the {b}", "x>f s>f f>n n>b"),
    _flow("{n} is trained with the {t}, the {u} is used for {w}, the best one goes to {o}", "t>n n>w u>w w>o"),
    _flow(
        "[ETL: /]{x} is extracted, transformed and loaded into the {d}, then shown on the {b}",
        "x>extracted extracted>transformed transformed>loaded loaded>d d>b",
    ),
    _flow(
        "[an agent loop: /agent: /]the {m} reads the {q}, calls a {r}, gets {c} and [goes on/continues] until it has the {a}",
        "q>m m>r r>c c>m m>a",
    ),
    _flow("{x} -> {f} -> {n} -> {w}[, /; /. ]{w} -> {o}", "x>f f>n n>w w>o"),
    _flow("before training the {n}, [run/do/apply] {f} on the {x}; after training, {w} and {o}", "x>f f>n n>w w>o"),
)
