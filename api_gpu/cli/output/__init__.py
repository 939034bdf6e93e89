"""What the command prints and writes: data on stdout, sentences and progress on stderr, finished files."""
