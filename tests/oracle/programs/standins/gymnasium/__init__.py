"""gymnasium's names: those of the stand-in for gym."""

from gym import Environment as Env, Space as Space, make as make
