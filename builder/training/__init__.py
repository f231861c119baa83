"""Training of the built-in encoder: data, teachers, both towers, export, evaluation, card."""
