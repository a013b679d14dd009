"""What reports and displays share."""
