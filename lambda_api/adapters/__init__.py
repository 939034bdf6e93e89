"""The outside world: AWS, RunPod, clients' callback URLs. The only place with sockets."""
