"""A graph convolutional network: who belongs together, from a few known members and who knows whom (Kipf and Welling 2016, arXiv:1609.02907).

Three groups of 60, in which people know each other more often than across. Four labels of each group are given; at least 90 of 100 others are right.
"""

import corelib as torch
from corelib import nn
from gallery_plots import plt, save

torch.manual_seed(0)
n, groups = 180, 3
group = torch.arange(n) % groups
together = group[:, None] == group
knows = torch.triu(torch.rand(n, n) < torch.where(together, 0.12, 0.015), diagonal=1)
adjacency = (knows | knows.T).float() + torch.eye(n)
scale = adjacency.sum(1).rsqrt()
adjacency = scale[:, None] * adjacency * scale  # D^-1/2 (A + I) D^-1/2
known = torch.arange(4 * groups)


class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(n, 16), nn.Linear(16, groups)

    def forward(self, x):
        hidden = torch.relu(adjacency @ self.first(x))
        return adjacency @ self.second(nn.functional.dropout(hidden, 0.3, self.training)), hidden


model, x = GCN(), torch.eye(n)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-3)
for _step in range(150):
    loss = nn.functional.cross_entropy(model(x)[0][known], group[known])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
said, hidden = model.eval()(x)
others = torch.ones(n, dtype=torch.bool).index_fill(0, known, False)
print(f"accuracy {(said.argmax(1) == group)[others].float().mean():.3f}")
_, _, v = torch.linalg.svd(hidden.detach() - hidden.detach().mean(0), full_matrices=False)
places = (hidden.detach() @ v[:2].T).numpy()
figure, axes = plt.subplots(figsize=(5, 4))
axes.scatter(places[:, 0], places[:, 1], c=group.numpy(), s=14)
axes.set(title="What the hidden layer makes of the graph")
save(figure)
