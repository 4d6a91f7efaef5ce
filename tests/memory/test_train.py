"""One call trains the encoder of any profile; what it is calibrated on, it was not trained on."""

import pytest
from plain_encoder import PlainEncoder

from diaglib.memory.train import train_encoder


def test_a_language_model_is_calibrated_on_keys_it_was_not_trained_on(tmp_path, monkeypatch) -> None:
    given = {}

    def fine_tune(base, lines, held_out, settings, folder):
        given.update(base=base, lines=lines, held_out=held_out, settings=settings)
        return PlainEncoder(), [{"step": 1, "loss": 0.5}]

    monkeypatch.setattr("diaglib.memory.encoder_sentence.fine_tune", fine_tune)
    encoder, curve = train_encoder("klue/roberta-base", tmp_path, epochs=3, seed=7)
    assert (encoder.name, curve[-1]["loss"], given["base"]) == ("plain", 0.5, "klue/roberta-base")
    assert not {line.key for line in given["lines"]} & {line.key for line in given["held_out"]}
    assert len(given["held_out"]) >= 100
    assert (given["settings"].epochs, given["settings"].seed) == (3, 7)


@pytest.mark.parametrize(("dtype", "half"), [("float16", "fp16"), ("bfloat16", "bf16"), ("float32", "no")])
def test_half_precision_is_what_the_card_computes(tmp_path, monkeypatch, dtype: str, half: str) -> None:
    from types import SimpleNamespace

    given = []
    monkeypatch.setattr("diaglib.memory.train.read_environment", lambda: SimpleNamespace(dtype=dtype))
    monkeypatch.setattr("diaglib.memory.encoder_sentence.fine_tune", lambda *values: given.append(values[3]) or (None, []))
    train_encoder("some/model", tmp_path)
    assert given[0].half_precision == half
