"""No secret reaches an output."""

from __future__ import annotations

import pytest
from small_notebooks import run, write_notebook

from diaglib.runs.secrets import STRUCK_OUT, refuse_secrets, strike_out

PLANTED = "planted-value-that-nobody-may-see-1234"
HUB = "hf_" + "aB3" * 10


@pytest.mark.parametrize(
    "name", ["HF_TOKEN", "hub_token", "API_KEY", "apikey", "MY_SECRET", "PASSWORD", "OPENAI_API_KEY", "TOKEN"]
)
def test_a_parameter_named_like_a_secret_is_refused_with_the_way_out(name) -> None:
    with pytest.raises(ValueError, match="set it in the environment"):
        refuse_secrets([name])


@pytest.mark.parametrize("name", ["PROFILE", "MAX_NEW_TOKENS_A_ROW", "TOKENIZER", "KEYS_SHOWN", "PASSAGES"])
def test_other_parameters_are_taken(name) -> None:
    refuse_secrets([name])


def test_a_planted_secret_reaches_no_file_of_a_run(place, said, monkeypatch) -> None:
    """Printed, shown, in an error, or fetched from elsewhere and only looking like a token."""
    monkeypatch.setenv("HF_TOKEN", PLANTED)
    entry = write_notebook(
        place,
        "01_leaks",
        "import os; print('token is', os.environ['HF_TOKEN'])",
        f"from IPython.display import HTML; HTML('<b>{HUB}</b>' + os.environ['HF_TOKEN'])",
        "raise RuntimeError('denied for ' + os.environ['HF_TOKEN'])",
    )
    (result,) = run(place, said, entry)
    assert result.status == "failed"
    files = [path for path in (place / "outputs").rglob("*") if path.is_file()]
    assert {"notebook.ipynb", "report.html", "result.json"} <= {path.name for path in files}
    for path in files:
        text = path.read_text(errors="replace")
        assert PLANTED not in text, path
        assert HUB not in text.replace(f"<b>{HUB}</b>' + os", ""), path  # the cell's own source is the user's
    assert STRUCK_OUT in (place / "outputs/local/01_leaks/report.html").read_text()
    assert not any(PLANTED in line for line in said)


def test_words_that_are_no_secrets_stay() -> None:
    text = "the tokens of hf_hub and sk-learn, secret of success"
    assert strike_out(text, []) == text
