"""What a defender could know at the time of each payment: point-in-time features, on files alone."""
