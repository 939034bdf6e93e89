"""Photos: a short-lived process in the sandbox turns any picture file into raw pixels that ffmpeg reads.

`read_photo` belongs to the worker and starts the process, whose entry point is `decode`. All modules but `read_photo`
run inside it, and import only the standard library, Pillow and pi-heif.
"""
