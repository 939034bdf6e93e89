"""Measurements that the plan of a sound needs: its loudness, and the times of speech."""
