"""What a submit would do, without doing it: its validation, a look at its inputs, an estimate of time and cost."""
