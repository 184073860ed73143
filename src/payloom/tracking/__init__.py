"""What a training is told to others: a tracking server, a model registry, a page; and models back from there."""
