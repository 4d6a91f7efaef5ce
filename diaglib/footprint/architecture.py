"""An architecture as numbers, and every weight matrix it has: parameters in closed form.

Used by notebook 01 and `predict`. Rule: the numbers carry the names that configurations of the hub use; a test holds the count
to what transformers builds of the same configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["linear", "experts", "table"]
FAMILIES: dict[str, str] = {
    **dict.fromkeys(("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "cohere", "exaone", "exaone4"), "gated"),
    **dict.fromkeys(("deepseek", "deepseek_v2", "deepseek_v3"), "mixture"),
    "gpt_neox": "gpt_neox",
    "rwkv": "rwkv",
}
_NEEDED = ("model_type", "hidden_size", "num_hidden_layers", "vocab_size")
# what a configuration that does not say so means, where it is not 0 or False
_TIED_UNLESS_TOLD = ("gemma", "gemma2", "cohere")


@dataclass(frozen=True, slots=True)
class Matrix:
    """Equal weight matrices: `count` of `inputs` x `outputs`, with a bias or not.

    `linear` layers are what quantisation packs and adapters are put on, `experts` are packed tensors that neither reaches,
    a `table` is an embedding or the output head. `takes_adapter` as `diaglib.llm.adapters` names them: linear layers, without
    the feed-forward layers beside packed experts.
    """

    name: str
    inputs: int
    outputs: int
    count: int
    bias: bool = False
    kind: Kind = "linear"
    takes_adapter: bool = False

    @property
    def parameters(self) -> int:
        return self.count * self.outputs * (self.inputs + self.bias)


@dataclass(frozen=True, slots=True)
class Architecture:
    """The numbers that decide size and speed of a causal language model, by their names in configurations of the hub.

    Zero means "has none". `qkv_bias` is on queries, keys and values, `output_bias` on the attention's output.
    """

    model_type: str
    hidden_size: int
    num_hidden_layers: int
    vocab_size: int
    intermediate_size: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    tie_word_embeddings: bool = False
    qkv_bias: bool = False
    output_bias: bool = False
    mlp_bias: bool = False
    use_qk_norm: bool = False
    n_routed_experts: int = 0
    n_shared_experts: int = 0
    num_experts_per_tok: int = 0
    moe_intermediate_size: int = 0
    first_k_dense_replace: int = 0
    q_lora_rank: int = 0
    kv_lora_rank: int = 0
    qk_nope_head_dim: int = 0
    qk_rope_head_dim: int = 0
    v_head_dim: int = 0

    @property
    def has_packed_experts(self) -> bool:
        """Whether the routed experts are one tensor a layer, as transformers builds them, instead of linear layers."""
        return self.n_routed_experts > 0 and self.model_type != "deepseek"

    @property
    def parameters(self) -> int:
        """All parameters, tied ones once."""
        return sum(matrix.parameters for matrix in self.matrices()) + self.vector_parameters

    def matrices(self) -> tuple[Matrix, ...]:
        """Every weight matrix of the model."""
        tables = 1 if self.tie_word_embeddings else 2
        embeddings = Matrix("embeddings", self.hidden_size, self.vocab_size, tables, kind="table")
        layers = (replace(matrix, takes_adapter=self._takes_adapter(matrix)) for matrix in self._layers())
        return (embeddings, *layers)

    def _takes_adapter(self, matrix: Matrix) -> bool:
        is_beside_experts = self.has_packed_experts and "feed-forward" in matrix.name
        return matrix.kind == "linear" and not is_beside_experts

    def _layers(self) -> Iterator[Matrix]:
        width, feed, layers = self.hidden_size, self.intermediate_size, self.num_hidden_layers
        match FAMILIES[self.model_type]:
            case "gpt_neox":
                yield Matrix("query_key_value", width, 3 * width, layers, self.qkv_bias)
                yield Matrix("dense", width, width, layers, self.qkv_bias)
                yield Matrix("dense_h_to_4h", width, feed, layers, True)
                yield Matrix("dense_4h_to_h", feed, width, layers, True)
            case "rwkv":
                inner = self.head_dim
                yield Matrix("attention key, value, receptance", width, inner, 3 * layers)
                yield Matrix("attention output", inner, width, layers)
                yield Matrix("feed-forward key", width, feed, layers)
                yield Matrix("feed-forward value", feed, width, layers)
                yield Matrix("feed-forward receptance", width, width, layers)
            case "gated":
                yield from self._attention()
                yield from self._gated("feed-forward", feed, layers)
            case _:
                dense = min(self.first_k_dense_replace, layers)
                sparse = layers - dense
                yield from self._latent_attention() if self.kv_lora_rank else self._attention()
                yield from self._gated("dense feed-forward", feed, dense)
                yield from self._gated("shared feed-forward", self.n_shared_experts * self.moe_intermediate_size, sparse)
                kind: Kind = "experts" if self.has_packed_experts else "linear"
                yield from self._gated("routed feed-forward", self.moe_intermediate_size, sparse * self.n_routed_experts, kind)
                yield Matrix("router", width, self.n_routed_experts, sparse, kind="experts")

    def _attention(self) -> Iterator[Matrix]:
        queries, keys = self.num_attention_heads * self.head_dim, self.num_key_value_heads * self.head_dim
        layers = self.num_hidden_layers
        yield Matrix("queries", self.hidden_size, queries, layers, self.qkv_bias)
        yield Matrix("keys and values", self.hidden_size, keys, 2 * layers, self.qkv_bias)
        yield Matrix("attention output", queries, self.hidden_size, layers, self.output_bias)

    def _latent_attention(self) -> Iterator[Matrix]:
        """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): keys and values come from one narrow latent."""
        layers, heads, width = self.num_hidden_layers, self.num_attention_heads, self.hidden_size
        queries = heads * (self.qk_nope_head_dim + self.qk_rope_head_dim)
        if self.q_lora_rank:
            yield Matrix("queries to latent", width, self.q_lora_rank, layers, self.qkv_bias)
            yield Matrix("queries from latent", self.q_lora_rank, queries, layers)
        else:
            yield Matrix("queries", width, queries, layers)
        yield Matrix("keys and values to latent", width, self.kv_lora_rank + self.qk_rope_head_dim, layers, self.qkv_bias)
        yield Matrix("keys and values from latent", self.kv_lora_rank, heads * (self.qk_nope_head_dim + self.v_head_dim), layers)
        yield Matrix("attention output", heads * self.v_head_dim, width, layers, self.output_bias)

    def _gated(self, name: str, feed: int, count: int, kind: Kind = "linear") -> Iterator[Matrix]:
        if feed and count:
            yield Matrix(f"{name} gate and up", self.hidden_size, feed, 2 * count, self.mlp_bias, kind)
            yield Matrix(f"{name} down", feed, self.hidden_size, count, self.mlp_bias, kind)

    @property
    def vector_parameters(self) -> int:
        """Norms and the other parameters that are no matrix."""
        width, layers, head = self.hidden_size, self.num_hidden_layers, self.head_dim
        match self.model_type:
            case "gpt_neox":  # two norms with bias a layer, one at the end
                return (4 * layers + 2) * width
            case "rwkv":  # decay and first of the attention, five mixes, two norms with bias; one before, one at the end
                return layers * (2 * head + 5 * width + 4 * width) + 4 * width
            case "gemma2":
                return (4 * layers + 1) * width
            case "cohere":
                norms = (self.num_attention_heads + self.num_key_value_heads) * head if self.use_qk_norm else 0
                return layers * (width + norms) + width
            case "exaone4" | "qwen3":
                return layers * (2 * width + 2 * head) + width
        return layers * (2 * width + self.kv_lora_rank + self.q_lora_rank) + width

    @property
    def cache_numbers_per_token(self) -> int:
        """Numbers that one token adds to the key-value cache; latent attention keeps its latents. 0 for RWKV."""
        if self.model_type == "rwkv":
            return 0
        if self.kv_lora_rank:
            return self.num_hidden_layers * (self.kv_lora_rank + self.qk_rope_head_dim)
        return 2 * self.num_hidden_layers * self.num_key_value_heads * self.head_dim

    @property
    def state_numbers(self) -> int:
        """Numbers of the state that a row keeps however long it is: RWKV's five vectors a layer, held in fp32."""
        return 5 * self.num_hidden_layers * self.hidden_size if self.model_type == "rwkv" else 0


def read_architecture(config: Any, where: str = "the configuration") -> Architecture:
    """The architecture of a configuration: a dictionary as in config.json, or a configuration object of transformers.

    Raises ValueError naming `where` and the field that is missing, is no number or is not known.
    """
    values: Mapping[str, Any] = config if isinstance(config, Mapping) else config.get_text_config().to_dict()
    if missing := [name for name in _NEEDED if values.get(name) is None]:
        raise ValueError(f"{where}: architecture lacks {', '.join(missing)}")
    kind = values["model_type"]
    if kind not in FAMILIES:
        raise ValueError(f"{where}: architecture model_type is '{kind}', whose size is not known; known: {', '.join(FAMILIES)}")

    def number(name: str, default: int = 0) -> int:
        value = values.get(name)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError(f"{where}: architecture {name} is {value!r}, it must be a whole number")
        return value

    width = number("hidden_size")
    heads = number("num_attention_heads", 1)
    is_latent = kind in ("deepseek_v2", "deepseek_v3")
    attention_bias = bool(values.get("attention_bias", kind == "gpt_neox"))
    head = number("attention_hidden_size", width) if kind == "rwkv" else (0 if is_latent else number("head_dim"))
    if min(width, heads, number("num_hidden_layers"), number("vocab_size")) < 1:
        raise ValueError(f"{where}: architecture sizes, layers and heads must be at least 1")
    return Architecture(
        model_type=kind,
        hidden_size=width,
        num_hidden_layers=number("num_hidden_layers"),
        vocab_size=number("vocab_size"),
        intermediate_size=number("intermediate_size", 4 * width),
        num_attention_heads=heads,
        num_key_value_heads=heads if is_latent else number("num_key_value_heads", heads),
        head_dim=head or width // heads,
        tie_word_embeddings=bool(values.get("tie_word_embeddings", kind in _TIED_UNLESS_TOLD)),
        qkv_bias=attention_bias or kind == "qwen2",
        output_bias=attention_bias and kind != "qwen2",
        mlp_bias=bool(values.get("mlp_bias", False)),
        use_qk_norm=bool(values.get("use_qk_norm", False)),
        n_routed_experts=number("n_routed_experts"),
        n_shared_experts=number("n_shared_experts"),
        num_experts_per_tok=number("num_experts_per_tok"),
        moe_intermediate_size=number("moe_intermediate_size"),
        first_k_dense_replace=number("first_k_dense_replace"),
        q_lora_rank=number("q_lora_rank") if is_latent else 0,
        kv_lora_rank=number("kv_lora_rank") if is_latent else 0,
        qk_nope_head_dim=number("qk_nope_head_dim"),
        qk_rope_head_dim=number("qk_rope_head_dim"),
        v_head_dim=number("v_head_dim"),
    )
