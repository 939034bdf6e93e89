"""What jobs cost at RunPod: the bill of one job, and sums over the jobs of an owner. Pure."""
