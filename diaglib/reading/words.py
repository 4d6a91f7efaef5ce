"""The words people use for layers, their sizes and what joins them; read by `stated`. Data only."""

from __future__ import annotations

# layer kind of `diagram.kinds` <- ways to say it; several words are a phrase, hyphens count as spaces
LAYER_WORDS: dict[str, tuple[str, ...]] = {
    "input": (
        "input",
        "inputs",
        "image",
        "images",
        "picture",
        "pictures",
        "photo",
        "photos",
        "takes",
        "take",
        "taking",
        "accepts",
        "accepting",
        "reads",
        "reading",
    ),
    "output": (
        *("output", "outputs", "class", "classes", "category", "categories", "softmax", "logits", "logit", "prediction"),
        *("predictions", "classification head", "classifier", "classification", "predicts", "predicting"),
        *(
            "produces",
            "producing",
            "yields",
            "returns",
            "emits",
            "emitting",
            "outputting",
            "giving",
            "gives",
            "labels",
            "targets",
        ),
    ),
    "dense": (
        *("hidden", "dense", "fully connected", "full connected", "fully connect", "densely connected", "fc", "linear"),
        *("intermediate", "middle", "mid", "hiddens", "fcs"),
    ),
    "conv": ("conv", "convs", "convolution", "convolutions", "convolutional", "convolutionals", "convolve"),
    "pool": ("pool", "pools", "pooling", "poolings", "maxpool", "maxpooling", "avgpool", "subsampling", "maxpools"),
    "upconv": (
        *("upconv", "up conv", "up convolution", "up convolutions", "upconvs", "up convs", "deconv", "deconvs", "upsample"),
        *("deconvolution", "deconvolutions", "transposed conv", "transposed convs", "transposed convolution", "upsampling"),
        *("transposed convolutions", "transpose conv", "transpose convolution", "transposed convolutional", "up sampling"),
    ),
    "flatten": ("flatten", "flattening", "flattened", "flattens"),
    "dropout": ("dropout", "dropouts", "drop out"),
    "norm": (
        *("norm", "batchnorm", "layernorm", "normalization", "normalisation", "batch norm", "layer norm", "bn"),
        *("batch normalization", "batch normalisation", "layer normalization", "layer normalisation"),
    ),
    "embedding": ("embedding", "embeddings", "token embedding", "word embedding", "embeds"),
    "position": ("positional encoding", "position encoding", "positional embedding", "position embedding", "positional"),
    "attention": (
        *("attention", "self attention", "multi head attention", "multihead attention", "multi head self attention"),
        *("multiheaded attention", "multi headed attention", "cross attention", "mha"),
    ),
    "feedforward": ("feed forward", "feedforward", "ffn", "feed forwards"),
    "add": ("add and norm", "add & norm", "add norm", "residual add"),
    "concat": ("concat", "concatenate", "concatenation", "concatenates"),
    "encoder": ("encoder", "encoders", "encoding block", "encoding blocks", "bert"),
    "decoder": ("decoder", "decoders", "decoding block", "decoding blocks", "gpt"),
    "down": (
        *("encoder stage", "encoder stages", "encoder level", "encoder levels", "down stage", "down stages", "down block"),
        *("down blocks", "downsampling", "down sampling", "contracting", "contraction", "downs", "down step", "down steps"),
    ),
    "up": (
        *("decoder stage", "decoder stages", "decoder level", "decoder levels", "up stage", "up stages", "up block"),
        *("up blocks", "expanding", "expansive", "expansion", "ups", "up step", "up steps"),
    ),
    "bottleneck": ("bottleneck", "bottle neck", "latent", "code layer", "bridge"),
    "rnn": ("rnn", "rnns", "recurrent", "vanilla rnn"),
    "lstm": ("lstm", "lstms", "bilstm", "bilstms", "long short term memory"),
    "gru": ("gru", "grus", "bigru", "gated recurrent"),
    "transformer": ("transformer", "transformers", "vit"),
    "unet": ("unet", "u net", "u shaped"),
    "total": (
        "network",
        "model",
        "architecture",
        "networks",
        "net",
        "nn",
        "mlp",
        "dnn",
        "ann",
        "multilayer perceptron",
        "multi layer perceptron",
        "perceptrons",
        "perceptron",
    ),
}
# up and downsampling are stages of a U-Net, but a single upsampling layer elsewhere; `stated` settles it by the sentence
UNIT_WORDS: dict[str, tuple[str, ...]] = {
    "size": (
        *("node", "nodes", "neuron", "neurons", "unit", "units", "cell", "cells", "element", "elements", "value", "values"),
        *("dim", "dims", "dimension", "dimensions", "dimensional", "feature", "features", "size", "sizes", "wide", "width"),
        *("way", "variables", "variable", "numbers", "pixels", "perceptron units", "entries", "scores", "columns", "sensors"),
    ),
    "filters": ("filter", "filters", "channel", "channels", "feature map", "feature maps", "kernels", "maps", "featuremaps"),
    "heads": ("head", "heads", "attention head", "attention heads", "headed"),
    "kernel": ("kernel", "window", "windows", "kernel size", "filter size", "pool size", "receptive field"),
    "layers": (
        *(
            "layer",
            "layers",
            "block",
            "blocks",
            "group",
            "groups",
            "stage",
            "stages",
            "level",
            "levels",
            "stack",
            "stacks",
            "lyer",
            "lyers",
        ),
        *("step", "steps", "step down", "depth", "deep", "scales", "resolutions", "layered"),
    ),
    # numbers that are no part of the drawn structure
    "aside": (
        *("epoch", "epochs", "batch size", "batch", "learning rate", "stride", "strides", "padding", "pad", "dropout rate"),
        *("vocabulary", "vocab", "sequence length", "tokens", "token", "words", "time steps", "timesteps", "seed", "gpu"),
        *("d_model", "model dimension", "hidden dimension of the model", "examples", "samples", "seconds", "minutes", "patches"),
        *("patch", "rate", "context", "parameters", "percent", "d model", "max length", "languages", "days", "hours", "bit"),
    ),
}
PLURALS = frozenset(
    "layers blocks stages levels stacks convs convolutions poolings lstms grus rnns encoders decoders transformers "
    "dropouts hiddens fcs deconvs upconvs steps bilstms embeddings maxpools deconvolutions attentions".split()
)
EACH = frozenset("each apiece every per respectively matching corresponding same".split())
CONNECTORS = frozenset(
    "of with has have having containing contains contain holding holds = : ( sized using by is are set over".split()
)
PREPOSITIONS = frozenset("in at for on per as".split())
# these only describe unless "layer" or the like follows: `convolutional network`, `concatenating skip connections`
ADJECTIVES = frozenset("convolutional recurrent concatenating concatenates intermediate positional pooled convolve".split())
SEPARATORS = frozenset(
    ", ; . and & + then plus next finally into to onto | / feeding feeds feed followed going goes leading leads joined connected "
    "that which where ends ending begins starting lastly while but also after".split()
)
# the sentence may tell layers against their order; the second group turns lists of sizes round as well
REVERSED = (
    r"\b(before|after(?! (each|every|that|which))|prior to|behind(?! (each|every))|between|ends? (with|in)|sits? on|bottom)\b"
)
LISTS_REVERSED = (
    r"\b(fed (by|from)|preceded by|backwards?|from the (output|top)|reversed?|comes? from|on top of|built on|takes? from)\b"
    r"|\bfrom (the |its |\w+ )?(inputs?|features|image)\b"
)
ORDINALS = frozenset("first second third fourth fifth 1st 2nd 3rd 4th 5th another other last".split())
EACH_FOLLOWED = (
    *("each followed by", "each one followed by", "every one followed by", "each then followed by", "each with its own"),
    *("each of them followed by", "each of which is followed by", "each being followed by", "all followed by", "each trailed by"),
)
AFTER_EACH = ("after each", "after every", "behind each", "following each")
NEGATIONS = frozenset("no without not".split())
SEPARATING_PHRASES = ("on top of",)
GROUP_WORDS = frozenset("repeat repeated repeats repeating times".split())
SKIP_WORDS = (
    "skip connection",
    "skip connections",
    "skip link",
    "skip links",
    "skips",
    "skip",
    "shortcut",
    "shortcuts",
    "residual",
)
MIRROR_WORDS = frozenset(
    "mirror mirrored mirrors mirroring symmetric symmetrical symmetrically doubling doubled halving halved autoencoder".split()
)
MODEL_NAMES = frozenset(
    "resnet vgg gpt yolo yolov llama bert inception efficientnet mobilenet densenet word2vec top version v cifar imagenet gemma "
    "qwen phi roberta t lenet alexnet unet swin claude python cuda fp int bfloat mp s3 seq2seq step bm".split()
)
# words between a number and its layer that leave no doubt about which is meant
FILLERS = frozenset(
    "a an the its their his your my some more fully max maximum average avg mean global deep stacked identical bidirectional "
    "unidirectional grayscale greyscale gray grey rgb color colour coloured colored square neural following separate different "
    "additional activation activated relu tanh sigmoid gelu leaky leakyrelu simple single final initial new small large big only "
    "just exactly total per sample plain standard spatial binary possible distinct regular consecutive successive further such "
    "it there them those these this that i we you they d token word multi self head masked vanilla whose two".split()
)
# words around a network that carry no claim of their own
FLOW_WORDS = frozenset(
    "process processes pipeline workflow flowchart convert converts step steps user customer order database chunk chunks "
    "retrieve retriever query document documents collect clean preprocess deploy evaluate login password send receive rag".split()
)
