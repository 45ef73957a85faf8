"""What is there: reads the machine, never changes it."""
