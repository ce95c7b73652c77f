"""What was recorded, from files to values and back."""
