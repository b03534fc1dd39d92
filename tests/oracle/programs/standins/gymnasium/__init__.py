"""gymnasium's names: those of the stand-in for gym."""

from gym import *
from gym import Environment as Env, make
