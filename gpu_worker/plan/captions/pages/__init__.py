"""Draw pages of words: their text, the word that is being spoken, and boxes behind them. Pure."""
