"""The commands, by what they work on. `python -m diaglib --help` loads nothing heavy: each command imports what it needs."""
