"""What is to be done: frozen values, no I/O, JSON in and out."""
