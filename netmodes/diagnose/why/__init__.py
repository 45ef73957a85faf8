"""Where a packet from a namespace is lost."""
