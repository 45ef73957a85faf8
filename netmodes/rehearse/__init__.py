"""A mode rehearsed: up, checked and down in a copy of a machine, before it runs there."""
