"""Networks as files: opened, checked and run; and what the rest of perception asks of them."""
