"""gym's CartPole and Pendulum."""

import math

import numpy as np


class Space:
    def __init__(self, shape=(), n=None, low=None, high=None, seed=0):
        self.shape, self.n, self.rng = shape, n, np.random.default_rng(seed)
        self.low, self.high = low, high

    def sample(self):
        return int(self.rng.integers(0, self.n)) if self.n is not None else self.rng.uniform(self.low, self.high, self.shape).astype(np.float32)

    def seed(self, seed=None):
        self.rng = np.random.default_rng(seed)


class Spec:
    reward_threshold = 475.0


class Environment:
    """`step` gives state, reward, terminated, truncated and facts; `reset` gives state and facts."""

    limit, spec = 200, Spec()

    def __init__(self):
        self.rng, self.steps = np.random.default_rng(7), 0
        self._max_episode_steps = self.limit

    @property
    def unwrapped(self):
        return self

    def seed(self, seed=None):
        self.rng = np.random.default_rng(seed)
        return [seed]

    def reset(self, seed=None, **named):
        if seed is not None:
            self.seed(seed)
        self.steps = 0
        self.start()
        return self.seen(), {}

    def step(self, action):
        self.steps += 1
        reward, done = self.move(action)
        return self.seen(), reward, done, self.steps >= self.limit, {}

    def render(self, *arguments, **named):
        return None

    def close(self):
        pass


class CartPole(Environment):
    """A pole on a cart that is pushed left or right: Barto, Sutton and Anderson's equations with gym's constants."""

    x_threshold, theta_threshold_radians = 2.4, 12 * 2 * math.pi / 360

    def __init__(self):
        super().__init__()
        self.observation_space, self.action_space = Space((4,)), Space(n=2)

    def start(self):
        self.state = self.rng.uniform(-0.05, 0.05, 4)

    def seen(self):
        return np.array(self.state, dtype=np.float32)

    def move(self, action):
        x, speed, angle, turn = self.state
        force = 10.0 if int(action) == 1 else -10.0
        cos, sin = math.cos(angle), math.sin(angle)
        pushed = (force + 0.05 * turn**2 * sin) / 1.1
        bent = (9.8 * sin - cos * pushed) / (0.5 * (4.0 / 3.0 - 0.1 * cos**2 / 1.1))
        sped = pushed - 0.05 * bent * cos / 1.1
        self.state = np.array([x + 0.02 * speed, speed + 0.02 * sped, angle + 0.02 * turn, turn + 0.02 * bent])
        return 1.0, bool(abs(self.state[0]) > 2.4 or abs(self.state[2]) > 12 * 2 * math.pi / 360)


class Pendulum(Environment):
    """A pendulum that is swung up by a torque."""

    def __init__(self):
        super().__init__()
        self.observation_space, self.action_space = Space((3,)), Space((1,), low=-2.0, high=2.0)

    def start(self):
        self.angle, self.turn = self.rng.uniform(-math.pi, math.pi), self.rng.uniform(-1, 1)

    def seen(self):
        return np.array([math.cos(self.angle), math.sin(self.angle), self.turn], dtype=np.float32)

    def move(self, action):
        torque = float(np.clip(np.asarray(action).reshape(-1)[0], -2.0, 2.0))
        angle = (self.angle + math.pi) % (2 * math.pi) - math.pi
        cost = angle**2 + 0.1 * self.turn**2 + 0.001 * torque**2
        self.turn = min(8.0, max(-8.0, self.turn + (15.0 * math.sin(self.angle) + 3.0 * torque) * 0.05))
        self.angle += self.turn * 0.05
        return -cost, False


class Old:
    """The signatures of gym before 0.26: `reset` gives the state, `step` four things."""

    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)

    @property
    def unwrapped(self):
        return self

    def reset(self):
        return self.inner.reset()[0]

    def step(self, action):
        state, reward, done, cut, facts = self.inner.step(action)
        return state, reward, done or cut, facts


def make(name, **named):
    """The environment of a name: CartPole and Pendulum; those of version 0 with the signatures of their time."""
    kinds = {"CartPole": CartPole, "Pendulum": Pendulum}
    made = kinds[name.split("-")[0]]()
    return Old(made) if name.endswith("-v0") else made
