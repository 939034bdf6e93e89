"""The gateway: validates requests, submits them to RunPod, keeps job state, tells the client."""
