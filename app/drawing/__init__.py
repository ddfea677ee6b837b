"""A tree as text, as an SVG picture and as an HTML page."""
