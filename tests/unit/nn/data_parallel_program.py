"""What DataParallel gives on several devices of a type, beside the module alone: run by a test in a process of its own, with the type's name."""

import sys

import corelib as T
from corelib import nn


class Net(nn.Module):
    """Layers with parameters, buffers, weights that are read directly, and a result with containers."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU())
        self.recurrent = nn.LSTM(8, 3, batch_first=True)
        self.table = nn.Embedding(9, 3)
        self.more = nn.ParameterList([nn.Parameter(T.ones(3)), nn.Parameter(T.zeros(3))])

    def forward(self, x, ids=None, scale=1.0):
        made = self.recurrent(self.first(x)[:, None])[0][:, 0] * self.more[0] + self.more[1]
        if ids is not None:
            made = made + self.table(ids)
        return {"made": made * scale, "parts": (x.sum(), [made.mean(1)])}


def compare(device, ids, n, modes):
    T.manual_seed(0)
    net = Net().to(device)
    parallel = nn.DataParallel(net, device_ids=ids)
    x, i = T.randn(n, 4).to(device), T.arange(n).to(device)
    found, alone = [], None
    for training in modes:
        net.train(training)
        for model in (parallel, net):
            net.zero_grad()
            x_ = x.clone().requires_grad_()
            out = model(x_, ids=i, scale=2.0)
            (out["made"].square().sum() + out["parts"][1][0].sum()).backward()
            found.append([out["made"].detach().cpu(), x_.grad.cpu(), *(p.grad.cpu() for p in net.parameters())])
            alone = out
        if not training:  # in training the statistics of a batch are those of its part
            for a, b in zip(*found[-2:], strict=True):
                T.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)
    parts = len(T.zeros(n).chunk(max(len(parallel.device_ids), 1)))
    assert parallel(x)["parts"][0].shape == ((parts,) if len(parallel.device_ids) > 1 else ()) and alone["parts"][0].shape == ()
    if device != "cpu" and modes[-1]:  # the statistics of the first device's replica are the module's
        assert int(net.first[1].num_batches_tracked) == 3
    with T.no_grad():
        assert not parallel(x)["made"].requires_grad


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    type_, count = sys.argv[1], int(sys.argv[2])
    devices = [T.device("cpu")] * count if type_ == "cpu" else None
    for n in (5, 4, 1):
        compare(type_, devices, n, [False])
    compare(type_, devices, 8, [False, True])
    net = Net().to(type_)
    many = nn.DataParallel(net, device_ids=devices)
    assert len(many.device_ids) == count
    if type_ != "cpu":
        assert many.device_ids == list(range(count))
        outs = many(T.randn(4, 4, device=type_))["made"]
        assert outs.device == T.device(type_, 0)
        assert nn.DataParallel(net, device_ids=[0, 1], output_device=1)(T.randn(4, 4, device=type_))["made"].device == T.device(type_, 1)
        replicas = nn.parallel.replicate(net, [0, 1])
        assert [r.first[0].weight.device.index for r in replicas] == [0, 1] and replicas[0].first[1].running_mean is net.first[1].running_mean
        losses = []
        optimizer = T.optim.SGD(many.parameters(), lr=0.1)
        x, y = T.randn(8, 4, device=type_), T.randn(8, 3, device=type_)
        for _ in range(20):
            optimizer.zero_grad()
            loss = (many(x)["made"] - y).square().mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.8 * losses[0], losses
        try:
            nn.DataParallel(net.to(T.device(type_, 1)), device_ids=[0, 1])(x)
        except RuntimeError as error:
            assert "device_ids[0]" in str(error)
        else:
            raise AssertionError("a module on another device is taken")
    print("right")
