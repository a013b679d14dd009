"""Looking inside: what a net did and whether it was worth it."""

__all__: list[str] = []
