"""What a user's sentence states, read by plain code that knows nothing of how training sentences are made."""
