"""Systems that tell which pixels make the sound: pictures paired with sounds, maps, scores."""
