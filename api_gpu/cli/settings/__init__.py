"""Sources of the API's address and the key: options, variables, and two files."""
