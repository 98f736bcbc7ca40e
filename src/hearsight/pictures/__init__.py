"""What a person sees: timelines, spheres, heat maps and overlays on the recording."""
