"""The machine as it is: reads it, never changes it."""
