"""One cell's arithmetic, to be checked by hand, for every kind of layer."""
