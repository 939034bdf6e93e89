"""The part of S3 that this project uses, on one machine: objects on disk, signatures and checksums enforced.

moto checks no signature and holds objects in memory; ministack holds them in memory, too; `rclone serve s3` overwrites
objects in spite of `If-None-Match`. So `local` has its own, on aiohttp, with botocore's signer as the judge.
"""
