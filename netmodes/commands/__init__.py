"""The words modes are made of; each function returns steps and runs nothing."""
