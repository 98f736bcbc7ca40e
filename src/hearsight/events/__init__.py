"""What, when and where: events, their tracks of directions, heat maps, scenes and their files."""
