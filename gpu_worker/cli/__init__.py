"""The command line: run one operation on local files, without RunPod or AWS."""
