"""The words that modes are made of: steps, requirements and findings; nothing runs here."""
