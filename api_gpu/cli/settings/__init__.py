"""Where the address of the API and the key come from: options, variables, and two files."""
