"""Pages that show what is in a data set: a column profile and a page about payments."""
