"""Photos: a short-lived process in the sandbox turns any picture file into plain pixels that ffmpeg reads.

`reader` starts it and belongs to the worker; `brands` serves both. The other modules run inside it and import only
Pillow and pi-heif.
"""
