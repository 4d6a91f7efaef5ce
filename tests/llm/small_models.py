"""Small random models with a byte-level tokenizer trained on the spot, saved as a hub model would be."""

from __future__ import annotations

from pathlib import Path

from diaglib.diagram import Plan

SENTENCES = [
    "0 input 32\n1 conv k3 f16\n2 pool\n3 dense 64\n4 output 10\nend",
    '0 str "question"\n1 db "manuals" < -\n2 func "search" < 0 1 > 0\nend',
    "A network with 4 inputs, hidden layers of 6 and 3 nodes and 1 output",
]


def make_tokenizer(chat_template: str | None = None, pad_token: str | None = None):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>", *([pad_token] if pad_token else [])]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=360, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token=pad_token)
    fast.chat_template = chat_template
    return fast


def make_model(kind: str, vocabulary: int, seed: int = 0, width: int = 32):
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    shared = {
        "vocab_size": vocabulary, "hidden_size": width, "num_hidden_layers": 2, "intermediate_size": 2 * width,
        "initializer_range": 0.3, "max_position_embeddings": 4096, "bos_token_id": 0, "eos_token_id": 1,
        "pad_token_id": None, "num_attention_heads": 4,
    }  # fmt: skip
    if kind == "llama":
        return LlamaForCausalLM(LlamaConfig(**shared, num_key_value_heads=2)).eval()
    return GPTNeoXForCausalLM(GPTNeoXConfig(**shared)).eval()


def save_model(folder: Path, kind: str = "llama", chat_template: str | None = None, width: int = 32) -> Path:
    tokenizer = make_tokenizer(chat_template)
    make_model(kind, len(tokenizer), width=width).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def is_plan(text: str) -> bool:
    """Whether a text is a plan but for the one fault that no grammar sees: map sides that follow and reach zero."""
    try:
        return bool(Plan.from_text(text).nodes)
    except ValueError as error:
        return "shrunk to nothing" in str(error)
