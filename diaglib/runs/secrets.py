"""No secret reaches an output: parameters named like one are refused, values of the environment are struck out.

Used by `diaglib run`, on every save of a notebook. Rule: tokens come from the environment, and stay there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

STRUCK_OUT = "[secret struck out]"
MIN_SECRET_CHARACTERS = 8  # a shorter value may be any word of the page
_NAMED_LIKE_ONE = re.compile(r"(token|secret|passw(or)?d|credential|api_?key|access_?key|private_?key)s?$|^(token|secret)_", re.I)
# tokens of well-known services, whatever variable they came from
_LOOKS_LIKE_ONE = re.compile(
    r"\b(hf_[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|sk-[\w-]{20,}|AKIA[A-Z0-9]{16})"
)


def refuse_secrets(names: Iterable[str]) -> None:
    """Raises ValueError for a parameter named like a secret: papermill would write its value into the output."""
    for name in names:
        if _NAMED_LIKE_ONE.search(name):
            raise ValueError(
                f"-p {name}: parameters are written into the output, so a secret is not taken as one; "
                "set it in the environment (HF_TOKEN=… diaglib run)"
            )


def secret_values(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Values of variables named like secrets, longest first, so that no part of one is left standing."""
    values = {value for name, value in environment.items() if _NAMED_LIKE_ONE.search(name)}
    return sorted((value for value in values if len(value) >= MIN_SECRET_CHARACTERS), key=len, reverse=True)


def strike_out(text: str, secrets: Iterable[str]) -> str:
    """The text without the given values and without anything that looks like a well-known service's token."""
    for secret in secrets:
        text = text.replace(secret, STRUCK_OUT)
    return _LOOKS_LIKE_ONE.sub(STRUCK_OUT, text)


def strike_out_all(value: Any, secrets: list[str]) -> Any:
    """The same for every text in nested lists and mappings, such as the cells of a notebook; changed in place."""
    if isinstance(value, str):
        return strike_out(value, secrets)
    if isinstance(value, dict):
        for key, item in value.items():
            value[key] = strike_out_all(item, secrets)
    elif isinstance(value, list):
        value[:] = [strike_out_all(item, secrets) for item in value]
    return value
