"""What comes out of an analysis: one record for each frame, written as tables, JSON lines and a codebook."""
