"""A convolutional net with batch norm and a residual block, on MNIST by torchvision's names."""

import torch
from torch import nn, optim
from torchvision import datasets, transforms


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(inplace=True))
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        return x + self.body(x)


transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
train = torch.utils.data.DataLoader(datasets.MNIST("data", train=True, download=True, transform=transform), batch_size=32, shuffle=True)
model = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2), nn.ReLU(), Block(8), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.2), nn.LazyLinear(10))
model(torch.zeros(1, 1, 28, 28))
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
for batch, (images, labels) in enumerate(train):
    optimizer.zero_grad(set_to_none=True)
    loss = criterion(model(images), labels)
    loss.backward()
    optimizer.step()
    print(f"{batch} {loss.item():.5f}")
