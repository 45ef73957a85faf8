"""Pictures of networks, and explanations of plans."""
