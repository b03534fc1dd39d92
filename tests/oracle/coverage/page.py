"""The page: what is present, what is missing by family, and what is no name for users and why."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cache

from . import namespaces
from .calls import called
from .families import FAMILIES, OTHER, UNCALLED, aside, family
from .users import REASONS, not_for_users


@dataclass
class Space:
    """The names of one namespace: present, missing by family, not for users by reason."""

    path: str
    exists: bool
    present: list[str] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)
    not_for_users: dict[str, list[str]] = field(default_factory=dict)

    @property
    def lacking(self) -> int:
        return sum(map(len, self.missing.values()))

    @property
    def left_out(self) -> int:
        return sum(map(len, self.not_for_users.values()))

    @property
    def share(self) -> str:
        return percent(len(self.present), len(self.present) + self.lacking)

    @property
    def rest(self) -> tuple[int, int]:
        """How many of its names are present and missing when those are set aside that are no part of a usual program."""
        missing = [name for names in self.missing.values() for name in names]
        present, lacking = (sum(not aside(self.path, name) for name in names) for names in (self.present, missing))
        return present, lacking

    @property
    def share_of_rest(self) -> str:
        return percent(self.rest[0], sum(self.rest))


def percent(part: int, whole: int) -> str:
    """A share with one digit, never rounded up to all."""
    return f"{min(round(100 * part / whole, 1), 100.0 if part == whole else 99.9):.1f} %" if whole else "none"


@cache
def table() -> tuple[Space, ...]:
    """Every namespace with its names sorted."""
    with warnings.catch_warnings():  # some of PyTorch's names warn as soon as they are looked at
        warnings.simplefilter("ignore")
        return tuple(map(space_of, namespaces.SPACES))


def space_of(path: str) -> Space:
    mine = namespaces.mine(path)
    space = Space(path, mine is not None)
    for name in namespaces.names(path):
        reason = not_for_users(path, name)
        there = mine is not None and namespaces.has(mine, name)
        if reason:
            space.not_for_users.setdefault(reason, []).append(name)
        elif there and f"{path}.{name}" in called():
            space.present.append(name)
        else:
            space.missing.setdefault(UNCALLED if there else family(path, name), []).append(name)
    return space


def listed(path: str, names: list[str]) -> str:
    return f"`{path}`: {', '.join(f'`{name}`' for name in names)}"


def page() -> str:
    """The table and the lists in Markdown."""
    spaces = table()
    present, missing = sum(len(s.present) for s in spaces), sum(s.lacking for s in spaces)
    rest = sum(s.rest[0] for s in spaces), sum(s.rest[1] for s in spaces)
    lines = [
        "# Coverage of PyTorch's names", "",
        f"What a user of PyTorch {namespaces.VERSION} can call, and what of it corelib has: **{present} of {present + missing} names, {percent(present, present + missing)}**, in the {len(spaces)} namespaces of PyTorch's",
        f"documentation (torch.jit and what belongs to it apart), of which corelib has {sum(s.exists for s in spaces)}; classes of which a user calls many methods are namespaces here too.", "",
        "A name is *present* if an oracle test calls it, compares what it gives with PyTorch's, and it comes back: a run of the oracle tests records that",
        "(`python -m pytest -n 2 tests/oracle --write-called tests/oracle/coverage/called.txt`), and the checks of every change run with `--check-called`.",
        "A constant or a type is present if a test compares it with PyTorch's. A name that only raises is *missing*, as is all else that a user can call.",
        "*Not for users* are names that PyTorch's module imports for itself, names for type checkers, private functions and constants behind public ones, TorchScript's",
        "internals, and names that PyTorch has removed; nothing else. The share is present / (present + missing); *rest* is the share when the names of sparse and quantized tensors, of fx, func and",
        "distributed are set aside. Written by",
        "`python -m tests.oracle.coverage > docs/coverage.md`; a test says when the page is stale.", "",
        "| namespace | present | missing | not for users | share | rest |", "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(f"| `{s.path}` | {len(s.present)} | {s.lacking} | {s.left_out} | {s.share} | {s.share_of_rest} |" for s in spaces),
        f"| all | {present} | {missing} | {sum(s.left_out for s in spaces)} | {percent(present, present + missing)} | {percent(rest[0], sum(rest))} |",
        "", "## Missing", "",
        "By family, the largest first. Of a namespace that corelib lacks altogether only the number is given.",
    ]
    return "\n".join([*lines, *missing_lines(spaces), *left_out_lines(spaces)]) + "\n"


def absent() -> str:
    """Of each namespace the names that corelib does not have, those that users call apart from those that are not for them."""
    with warnings.catch_warnings():  # some of PyTorch's names warn as soon as they are looked at
        warnings.simplefilter("ignore")
        return _absent()


def _absent() -> str:
    lines = []
    for path in namespaces.SPACES:
        mine, found = namespaces.mine(path), {"missing": [], "internal": []}
        for name in namespaces.names(path):
            if mine is None or not namespaces.has(mine, name):
                found["internal" if not_for_users(path, name) else "missing"].append(name)
        lines += [f"{kind} {path} {' '.join(names)}" for kind, names in found.items() if names]
    return "\n".join(lines) + "\n"


def missing_lines(spaces: tuple[Space, ...]) -> list[str]:
    headings = [UNCALLED, *(heading for heading, _, _ in FAMILIES), OTHER]
    counts = {heading: sum(len(s.missing.get(heading, ())) for s in spaces) for heading in headings}
    lines = []
    for heading in sorted(filter(counts.get, headings), key=lambda h: (h == OTHER, -counts[h])):
        lines += ["", f"### {heading[0].upper()}{heading[1:]}: {counts[heading]}", ""]
        lines += [
            f"- {listed(s.path, s.missing[heading])}" if s.exists else f"- `{s.path}`: all {len(s.missing[heading])}" for s in spaces if heading in s.missing
        ]
    return lines


def left_out_lines(spaces: tuple[Space, ...]) -> list[str]:
    lines = ["", "## Not for users"]
    for reason in REASONS:
        count = sum(len(s.not_for_users.get(reason, ())) for s in spaces)
        lines += ["", f"### {reason[0].upper()}{reason[1:]}: {count}", ""]
        lines += [f"- {listed(s.path, s.not_for_users[reason])}" for s in spaces if reason in s.not_for_users]
    return lines
