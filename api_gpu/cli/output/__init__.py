"""Output of the command: data on stdout, sentences and progress on stderr, finished files."""
