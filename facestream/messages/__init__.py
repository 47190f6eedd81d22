"""Everything that crosses a wire, one module for each channel; sends nothing."""
