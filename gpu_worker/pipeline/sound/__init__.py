"""What the plan of a sound needs to know: its loudness, and when somebody speaks."""
