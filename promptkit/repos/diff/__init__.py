"""Two states of a prompt compared in meaning: contract, words, rendered messages, and the verdict."""
