"""The Korean chat persona: hand-written pairs, the form they are trained in, and her rules for rude and desperate messages."""

from diaglib.dataset.chat.pairs import (
    ANSWER_MARK,
    CATEGORIES,
    END_MARK,
    SPLITS,
    ChatPair,
    chat_completion,
    chat_pairs,
    chat_prompt,
    likeness,
)
from diaglib.dataset.chat.persona import PersonaRule, persona_about, persona_answer, persona_rule, persona_rules

__all__ = [
    "ANSWER_MARK",
    "CATEGORIES",
    "END_MARK",
    "SPLITS",
    "ChatPair",
    "PersonaRule",
    "chat_completion",
    "chat_pairs",
    "chat_prompt",
    "likeness",
    "persona_about",
    "persona_answer",
    "persona_rule",
    "persona_rules",
]
