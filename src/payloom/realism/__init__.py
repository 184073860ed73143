"""How real a data set is: facts, leaks, difficulty and structure, measured on files alone."""
