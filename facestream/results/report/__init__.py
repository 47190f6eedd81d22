"""`report.html`: one session as one HTML file that opens without a network and runs no script."""
