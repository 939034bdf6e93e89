"""The command line: make one video from local files, without RunPod or AWS."""
