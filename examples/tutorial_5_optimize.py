"""Optimize and save: the training and test loops, then the weights to a file and back."""

import tempfile
from pathlib import Path

from sklearn.datasets import load_digits

import corelib as torch
from corelib import nn
from corelib.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
digits = load_digits()
images = torch.tensor(digits.images / 16, dtype=torch.float32)
labels = torch.tensor(digits.target)
training_data = TensorDataset(images[:1437], labels[:1437])
test_data = TensorDataset(images[1437:], labels[1437:])

train_dataloader = DataLoader(training_data, batch_size=64, shuffle=True)
test_dataloader = DataLoader(test_data, batch_size=64)


class NeuralNetwork(nn.Module):
    """A classifier of 8 x 8 images."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(8 * 8, 128),
            nn.ReLU(),
            nn.Linear(128, 128),
            nn.ReLU(),
            nn.Linear(128, 10),
        )

    def forward(self, x):
        x = self.flatten(x)
        logits = self.linear_relu_stack(x)
        return logits


def train_loop(dataloader, model, loss_fn, optimizer):
    """One pass over the training images, with a report every tenth batch."""
    size = len(dataloader.dataset)
    model.train()
    for batch, (X, y) in enumerate(dataloader):
        pred = model(X)
        loss = loss_fn(pred, y)

        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

        if batch % 10 == 0:
            loss, current = loss.item(), batch * dataloader.batch_size + len(X)
            print(f"loss: {loss:>7f}  [{current:>5d}/{size:>5d}]")


def test_loop(dataloader, model, loss_fn):
    """The accuracy and mean loss on the test images."""
    model.eval()
    size = len(dataloader.dataset)
    num_batches = len(dataloader)
    test_loss, correct = 0, 0

    with torch.no_grad():
        for X, y in dataloader:
            pred = model(X)
            test_loss += loss_fn(pred, y).item()
            correct += (pred.argmax(1) == y).type(torch.float).sum().item()

    test_loss /= num_batches
    correct /= size
    print(f"Test Error: \n Accuracy: {(100 * correct):>0.1f}%, Avg loss: {test_loss:>8f} \n")


learning_rate = 0.1
epochs = 10
model = NeuralNetwork()
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)

for t in range(epochs):
    print(f"Epoch {t + 1}\n-------------------------------")
    train_loop(train_dataloader, model, loss_fn, optimizer)
    test_loop(test_dataloader, model, loss_fn)
print("Done!")

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "model_weights.pth"
    torch.save(model.state_dict(), path)
    loaded = NeuralNetwork()
    loaded.load_state_dict(torch.load(path, weights_only=True))

loaded.eval()
X, y = test_data[0]
with torch.no_grad():
    pred = loaded(X.unsqueeze(0))
    same = torch.equal(loaded(images), model(images))
print(f"The loaded network predicts as the saved one does: {same}")
print(f'Predicted: "{pred[0].argmax(0)}", Actual: "{y}"')
