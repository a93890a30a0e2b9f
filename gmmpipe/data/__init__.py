"""What goes in: files, drawn data sets, normalisers."""
