"""A tree as a picture: where its boxes stand, as SVG, as a page, as text."""
