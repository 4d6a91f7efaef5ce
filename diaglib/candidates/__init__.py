"""Which model? Registry and rules, predicted and measured cost, answers and their verdicts, the choice: notebook 01."""
