"""The cost of jobs at RunPod: the bill of one job, and sums over the jobs of an owner. Pure."""
