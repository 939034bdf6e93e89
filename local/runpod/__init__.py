"""An emulator of one RunPod serverless endpoint: job API, worker protocol, webhooks, scaling, faults.

It speaks to the unmodified `runpod` SDK. `state` is pure; everything else does I/O.
"""
