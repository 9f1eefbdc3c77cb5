"""States of the repository at hand: what may be merged, what is released, and as which version."""
