"""Steps of data and machine-learning work as people tell them: the label, and the remark that may follow it.

Used by notebook 02 through `flow_words`. Rule: the label stands word for word in what is said; `{w}` is a noun of the row's own.
"""

from __future__ import annotations

import random

from diaglib.dataset.everyday_words import NOUNS
from diaglib.dataset.words import nonce

_STEPS = """
load the data; load {w}|from disk; read {w}; read the {w}; collect data; collect {w}; gather {w}|from users
scrape {w}|from the web; clean it; clean the data; clean {w}; remove duplicates; remove outliers; drop missing values
fill missing values|with the mean; normalize; normalize the {w}; normalise {w}; scale the features; standardize {w}; shuffle
shuffle the rows; deduplicate {w}; split|into train and test; split the data|into train, validation and test
split {w}|into chunks; split it|80/20; chunk the {w}; chunk it; tokenize; tokenize {w}; tokenize it; lowercase {w}; embed
embed them; embed the {w}; encode {w}; vectorize {w}; augment; augment {w}; crop {w}; resize the {w}|to 224x224; label {w}
annotate {w}; extract features; extract {w}|from the {w}; select features; transform the {w}; transform {w}
join {w}|with the {w}; merge {w}; aggregate {w}|by day; filter {w}; sort {w}; train; train the model; train a model
train {w} model|on the {w}; train a classifier; fit; fit the model; fit a {w}; fine-tune BERT; fine-tune {w}
fine-tune the model|on it; pretrain; pretrain the {w}; tune hyperparameters; tune it; evaluate; evaluate it|on the test set
evaluate the model; test the model; validate; validate the {w}; compare models; pick the best model; compute metrics
compute {w}; plot {w}; plot the results; visualize {w}; show a chart; show the {w}|on a dashboard; export|to ONNX
export the model; quantize; prune the model; compress {w}; package it|in a container; register the model; deploy
deploy it|to production; deploy the model|behind an API; serve; serve predictions; monitor; monitor drift; retrain
store {w}|in a database; store them|in the vector store; save the {w}|to S3; write {w}|to the warehouse
load them|into the warehouse; index the {w}; index them; search; search the index; retrieve; retrieve {w}
retrieve the top chunks; rerank; rerank them; build a prompt; prompt the LLM; generate an answer; generate {w}; call the LLM
ask the {w}; summarize; summarize them; translate {w}; cluster {w}; cluster them|with k-means; reduce dimensions|with PCA
predict {w}; predict the {w}; classify {w}; detect {w}; segment {w}; return the answer; return {w}
show the answer|to the user; send {w}|to the queue; send an alert; log {w}; cache {w}; review errors
"""
STEPS = tuple(tuple(step.strip().partition("|")[::2]) for line in _STEPS.strip().split("\n") for step in line.split(";"))
REMARKED = 0.8  # share of the steps with a remark that are told with it


def ml_step(rng: random.Random) -> tuple[str, str]:
    """A label of 1 to 5 words, and what is said after it: empty, or a remark with a leading space."""
    label, remark = rng.choice(STEPS)
    label, remark = (
        text.replace("{w}", nonce(rng) if rng.random() < 0.3 else rng.choice(NOUNS), 1) if "{w}" in text else text
        for text in (label, remark)
    )
    return label, f" {remark}" if remark and rng.random() < REMARKED else ""
