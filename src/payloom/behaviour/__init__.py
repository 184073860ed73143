"""What people do: a payment is a function of who pays, when, and a key."""
