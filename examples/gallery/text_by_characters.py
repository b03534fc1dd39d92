"""A text, character by character: a recurrent network says which comes next. In a grammar's sentences, part of which is chance, at least 85 of 100 are right."""
import corelib as torch
from corelib import nn
from corelib.utils.data import DataLoader, TensorDataset
from gallery_data import text
from gallery_plots import curves

torch.manual_seed(0)
content = text().read_text()
place = {character: i for i, character in enumerate(sorted(set(content)))}
windows = torch.tensor([place[c] for c in content]).unfold(0, 65, 64)
embed, reader, say = nn.Embedding(len(place), 32), nn.GRU(32, 128, batch_first=True), nn.Linear(128, len(place))
optimizer, losses = torch.optim.Adam([*embed.parameters(), *reader.parameters(), *say.parameters()], lr=5e-3), []
for epoch in range(3):
    for (batch,) in DataLoader(TensorDataset(windows[:-100]), batch_size=32, shuffle=True):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(say(reader(embed(batch[:, :-1]))[0]).flatten(0, 1), batch[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
said = say(reader(embed(windows[-100:, :-1]))[0]).argmax(2)
print(f"accuracy {(said == windows[-100:, 1:])[:, 8:].float().mean():.3f}")
curves("The next character", "step", "cross entropy", training=losses)
