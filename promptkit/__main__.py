"""`python -m promptkit`: the command line, where its own command is not on the path."""

from promptkit.cli.main import entry

entry()
