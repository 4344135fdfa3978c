"""What is served of real archives, which lie beside the checkout; left out elsewhere."""
