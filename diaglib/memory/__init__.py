"""What the persona remembers: pairs and encoders that tell which memory fits a message, the store, the chat. Notebook 06.

Rule: one remembered fact at the right moment, and otherwise silence: every encoder brings a calibrated threshold.
"""

from diaglib.memory.encoder import load_encoder, similarity, threshold
from diaglib.memory.items import Memory, make_memory, read_memories

__all__ = ["Memory", "load_encoder", "make_memory", "read_memories", "similarity", "threshold"]
