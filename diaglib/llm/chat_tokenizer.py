"""The embedded chat model's own Korean tokenizer: pieces of words with bytes to fall back on, so that any text can be written.

Used to make `diaglib/llm/tiny_chat/` and to run it. Rule: names and things that are copied stay in syllables, because pieces are
learnt from the fixed text of the answers alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from diaglib.dataset.chat import ANSWER_MARK, END_MARK

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, EOS, SPACE = "<pad>", "<eos>", "▁"
_PUNCTUATION = r"[\[\]:.,!?~…'\"()0-9]"


def build_tokenizer(fixed_texts: Iterable[str], other_texts: Iterable[str], pieces: int = 700) -> Tokenizer:
    """A tokenizer whose syllables come from all texts (those met twice or more), its longer pieces from `fixed_texts` alone."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    fixed_texts, other_texts = list(fixed_texts), list(other_texts)
    before = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always"),
            pre_tokenizers.Split(Regex(_PUNCTUATION), "isolated"),
        ]
    )
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = before
    learner.train_from_iterator(
        fixed_texts, trainers.BpeTrainer(vocab_size=10_000, min_frequency=5, show_progress=False, special_tokens=[])
    )
    merges = [tuple(merge) for merge in json.loads(learner.to_str())["model"]["merges"]][:pieces]
    words = Counter(word for text in [*fixed_texts, *other_texts] for word, _ in before.pre_tokenize_str(text))
    letters: Counter[str] = Counter()
    starts: Counter[str] = Counter()
    for word, count in words.items():
        letters.update(dict.fromkeys(word, count))
        if len(word) > 1 and word[0] == SPACE:
            starts[word[:2]] += count
    known = sorted(letter for letter, count in letters.items() if count >= 2)
    # a space and the syllable after it are one token, or every word would cost one more
    first = [(SPACE, start[1]) for start in sorted(starts) if starts[start] >= 2 and start[1] in set(known)]
    merges = [*first, *(merge for merge in merges if merge not in set(first))]
    tokens = [PAD, EOS, *(f"<0x{byte:02X}>" for byte in range(256)), *known]
    kept = []
    vocabulary = {token: i for i, token in enumerate(tokens)}
    for one, other in merges:
        if one in vocabulary and other in vocabulary:
            kept.append((one, other))
            vocabulary.setdefault(one + other, len(vocabulary))
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=kept, byte_fallback=True))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = before
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([AddedToken(PAD, normalized=False), AddedToken(EOS, normalized=False)])
    tokenizer.add_tokens([AddedToken(mark, lstrip=True, normalized=False) for mark in (ANSWER_MARK, END_MARK)])
    return tokenizer


def token_id(tokenizer: Tokenizer, token: str) -> int:
    """The id of a token that the tokenizer must have. Raises ValueError where it has not."""
    found = tokenizer.token_to_id(token)
    if found is None:
        raise ValueError(f"the tokenizer has no {token}: it is not one of the embedded chat model")
    return found


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """tokenizer.json, and tokenizer_config.json by which transformers reads it as any other."""
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": EOS, "pad_token": PAD, "model_max_length": 1024}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a model folder; a special token that someone types is read as its letters."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    return tokenizer
