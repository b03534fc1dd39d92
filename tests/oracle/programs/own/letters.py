"""A recurrent net that guesses the next letter, over packed sequences of unequal length."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

words = ["gradient", "tensor", "loss", "seed", "backward"]
letters = sorted(set("".join(words)))
coded = sorted((torch.tensor([letters.index(c) for c in w]) for w in words), key=len, reverse=True)
lengths = torch.tensor([len(w) - 1 for w in coded])
inputs = pad_sequence([w[:-1] for w in coded], batch_first=True)
targets = pad_sequence([w[1:] for w in coded], batch_first=True, padding_value=-100)
embed, rnn, out = nn.Embedding(len(letters), 8), nn.LSTM(8, 16, num_layers=2, batch_first=True, dropout=0.1), nn.Linear(16, len(letters))
parameters = [p for m in (embed, rnn, out) for p in m.parameters()]
optimizer = torch.optim.Adam(parameters, lr=0.05)
for step in range(15):
    packed = pack_padded_sequence(embed(inputs), lengths, batch_first=True)
    hidden, _ = pad_packed_sequence(rnn(packed)[0], batch_first=True)
    loss = F.cross_entropy(out(hidden).transpose(1, 2), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss)
