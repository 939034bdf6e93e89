"""Evidence about an execution: the result in our bucket, RunPod's status, and the effect of a cancel."""
