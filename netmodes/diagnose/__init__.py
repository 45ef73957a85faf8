"""Is it as it should be: doctor, check and why."""
