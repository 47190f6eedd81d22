"""Read video from files, cameras and addresses, as a person sees it; never sends or analyses it."""
