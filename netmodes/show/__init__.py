"""For people: pictures, and what each line is for."""
