"""Failures of jobs: the catalogue of codes, the causes of failed downloads, and the message that carries a failure."""

from contract.errors.catalogue import CATALOGUE, Blame, Code
from contract.errors.failure import CAUSES, Failure

__all__ = ["CATALOGUE", "CAUSES", "Blame", "Code", "Failure"]
