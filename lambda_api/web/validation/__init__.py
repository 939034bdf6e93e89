"""Request bodies and parameters: what is accepted, and the sentences for what is not."""
