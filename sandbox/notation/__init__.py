"""How mathematics is written: equations in LaTeX, updates in numpy."""
