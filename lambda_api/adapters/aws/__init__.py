"""As much of an AWS client as the gateway needs: signing, credentials, endpoints, retries (ADR 10)."""
