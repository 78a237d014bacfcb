"""The crypto family: role agents settle an everyday situation, compute with the calculator, and are judged."""
