"""Tests of the project as a whole: imports, packages, documents."""
