"""Deep Q-learning: a walker learns to reach the goal of a small world with a pit (Mnih et al. 2013, arXiv:1312.5602).

Replay memory, a target network and ever fewer random steps. At the end the greedy walk reaches the goal from at least 9 of 10 places.
"""

import random
from collections import deque

import corelib as torch
from corelib import nn
from gallery_plots import curves

SIZE, GOAL, PIT = 5, (4, 4), {(2, 2), (2, 3), (3, 1)}


def step(place, action):
    """The next place, the reward, and whether the walk is over."""
    x, y = place
    dx, dy = ((0, 1), (0, -1), (1, 0), (-1, 0))[action]
    place = (min(max(x + dx, 0), SIZE - 1), min(max(y + dy, 0), SIZE - 1))
    return place, 1.0 if place == GOAL else -1.0 if place in PIT else -0.02, place == GOAL or place in PIT


def seen(places):
    return nn.functional.one_hot(torch.tensor([x * SIZE + y for x, y in places]), SIZE * SIZE).float()


random.seed(0)
torch.manual_seed(0)
make = lambda: nn.Sequential(nn.Linear(SIZE * SIZE, 64), nn.ReLU(), nn.Linear(64, 4))  # noqa: E731
values, target = make(), make()
optimizer, memory, rewards = torch.optim.Adam(values.parameters(), lr=2e-3), deque(maxlen=2000), []
starts = [(x, y) for x in range(SIZE) for y in range(SIZE) if (x, y) != GOAL and (x, y) not in PIT]
for episode in range(250):
    place, total = random.choice(starts), 0.0
    for _ in range(30):
        with torch.no_grad():
            action = random.randrange(4) if random.random() < max(0.05, 1 - episode / 120) else int(values(seen([place])).argmax())
        after, reward, over = step(place, action)
        memory.append((place, action, reward, after, over))
        place, total = after, total + reward
        if len(memory) >= 64:
            places, actions, gained, afters, ends = zip(*random.sample(memory, 32), strict=True)
            with torch.no_grad():
                wanted = torch.tensor(gained) + 0.95 * target(seen(afters)).amax(1) * ~torch.tensor(ends)
            now = values(seen(places)).gather(1, torch.tensor(actions)[:, None])[:, 0]
            loss = nn.functional.smooth_l1_loss(now, wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if over:
            break
    if episode % 5 == 0:
        target.load_state_dict(values.state_dict())
    rewards.append(total)
reached = 0
for place in starts:
    for _ in range(20):
        place, _, over = step(place, int(values(seen([place])).argmax()))
        if over:
            break
    reached += place == GOAL
print(f"reached {reached / len(starts):.3f}")
curves("Deep Q-learning", "walk", "sum of rewards", rewards=rewards)
