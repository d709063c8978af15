"""Models of what a resource can give, with their sources."""
