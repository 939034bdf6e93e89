"""The commands besides the operations: jobs, files, callbacks, costs, the account, and checks."""
