"""Other packages' interfaces on thalweg's engine.

``import thalweg.compat.vegas as vegas`` where a program wrote ``import vegas``.
"""
