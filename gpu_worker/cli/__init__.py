"""The command line: make one video without RunPod or AWS."""
