"""Git directories and the user's own git: what is fetched, read and written, and never run."""
