"""From a sentence to ranked diagrams: plans by a language model, the check of what the sentence states, files and a page."""
