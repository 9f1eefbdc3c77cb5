"""Template repos: prompts in git with versions, found by reference, pinned by a lockfile, compared by meaning.

`git` reads and writes repositories, and runs the user's own git. Above it stand the states that a name can lead to
(`git_repo`, `folder_repo`), the project that uses them (`workspace`), the lock (`lock`, `locking`, `verifying`), and
what is done with two states: `diff` compares them, `releases` says what may be merged and released. `opening` is the
door for the floors below.
"""
