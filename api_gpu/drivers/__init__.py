"""The only modules that send anything: they perform what flows ask for, over httpx2, in threads or in asyncio."""
