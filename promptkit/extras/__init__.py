"""One module for each pip extra that the rest does without; nothing below imports them."""
