"""Template repos: prompts in git with versions, found by reference, pinned by a lockfile, compared by meaning."""
