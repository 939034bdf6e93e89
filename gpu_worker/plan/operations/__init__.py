"""One planner per operation. Pure."""
