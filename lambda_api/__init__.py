"""The gateway: validates requests, submits them to RunPod, keeps job state, notifies the client."""
