"""What layers call: activations, attention, dropout, embeddings, normalization, recurrence, and the optimizers' steps."""
