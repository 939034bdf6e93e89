"""Recognize speech, and find the times of words that are known.

faster-whisper, the extra `speech`, runs in a sandboxed process: the worker itself imports nothing of it. `find_speech`
looks for it, `engine` starts the process, `child` is its entry point; `words` is pure.
"""
