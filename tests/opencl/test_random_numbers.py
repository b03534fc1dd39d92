"""A seed gives the same numbers on a generated device as on the host, where both draw from philox."""

import corelib as torch
import pytest

DRAWS = {
    "uniform_": lambda x, g: x.uniform_(-1, 2, generator=g),
    "normal_": lambda x, g: x.normal_(1, 2, generator=g),
    "cauchy_": lambda x, g: x.cauchy_(generator=g),
    "exponential_": lambda x, g: x.exponential_(2, generator=g),
    "geometric_": lambda x, g: x.geometric_(0.3, generator=g),
    "log_normal_": lambda x, g: x.log_normal_(generator=g),
    "bernoulli_": lambda x, g: x.bernoulli_(0.3, generator=g),
    "bernoulli": lambda x, g: torch.bernoulli(torch.full_like(x, 0.3), generator=g),
    "poisson": lambda x, g: torch.poisson(torch.full_like(x, 3.0), generator=g),
    "random_": lambda x, g: x.random_(0, 100, generator=g),
    "multinomial": lambda x, g: torch.multinomial(torch.ones_like(x), 5, generator=g),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", DRAWS)
def test_draws_are_the_hosts(name, dtype):
    made = []
    for device in ("cpu", "opencl"):
        generator = torch.Generator(device, algorithm="philox").manual_seed(7)
        x = torch.empty(1003, device=device, dtype=dtype)
        made.append([DRAWS[name](x, generator).cpu().clone() for _ in range(2)])  # the second goes on where the first ended
    assert all(torch.equal(a, b) for a, b in zip(*made, strict=True))
    assert not torch.equal(*made[0])


def test_the_default_streams_are_named():
    """docs/devices.md says which; `manual_seed(s, algorithm="philox")` gives every device the same."""
    assert torch.Generator("cpu").algorithm == "mt19937" and torch.Generator("opencl").algorithm == "philox"
