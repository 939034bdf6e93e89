"""The planners: each module is named as its operation and has a function `plan`. Pure."""
