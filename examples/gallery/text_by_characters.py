"""A text, character by character: a recurrent network says which comes next. In a grammar's sentences, part of which is chance, at least 85 of 100 are right."""
import corelib as torch
from corelib import nn
from corelib.datasets import CharTokenizer, TextWindows, chronological_split
from corelib.utils.data import DataLoader
from gallery_data import text
from gallery_plots import curves

torch.manual_seed(0)
letters = CharTokenizer(content := text().read_text())
train, test = [TextWindows(part, 64, tokenizer=letters) for part in chronological_split(content, [0.95, 0.05])]
embed, reader, say = nn.Embedding(len(letters), 32), nn.GRU(32, 128, batch_first=True), nn.Linear(128, len(letters))
optimizer, losses = torch.optim.Adam([*embed.parameters(), *reader.parameters(), *say.parameters()], lr=5e-3), []
for epoch in range(3):
    for batch, following in DataLoader(train, batch_size=32, shuffle=True):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(say(reader(embed(batch))[0]).flatten(0, 1), following.flatten())
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
batch, following = test[:]
said = say(reader(embed(batch))[0]).argmax(2)
print(f"accuracy {(said == following)[:, 8:].float().mean():.3f}")
curves("The next character", "step", "cross entropy", training=losses)
