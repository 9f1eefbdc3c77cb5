"""What the loader is made of: the chain of files, a reader for each key, and the checks of all of it together."""
