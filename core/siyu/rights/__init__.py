"""What people may ask of a brand: to be forgotten, left alone, told all that is known of them."""
