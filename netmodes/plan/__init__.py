"""Plans and what they consist of: frozen values, no I/O, to JSON and from it."""
