"""Vocabularies: the tokens of a text by their numbers, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

__all__ = ["Vocabulary"]


class Vocabulary:
    """Tokens by their numbers, and back: the specials first, then the others, the most frequent first, and equally frequent ones in their order.

    tokens: any iterable of strings (a string is one of characters). min_freq: how often a token occurs at least. max_tokens: how many are kept at
    most, the specials counted. default: the number that unknown tokens get (or a token, whose number it is); None makes them a KeyError.

    >>> from corelib.datasets import Vocabulary
    >>> words = Vocabulary("the cat and the dog".split(), specials=["<unk>"], default="<unk>")
    >>> words.tokens
    ['<unk>', 'the', 'and', 'cat', 'dog']
    >>> words["cat"], words.indices(["the", "bird"]), words.lookup([1, 4])
    (3, [1, 0], ['the', 'dog'])
    """

    def __init__(
        self, tokens: Iterable[str], *, min_freq: int = 1, max_tokens: int | None = None, specials: Sequence[str] = (), default: int | str | None = None,
    ) -> None:  # fmt: skip
        if min_freq < 1:
            raise ValueError(f"Vocabulary(): min_freq should be at least 1, but is {min_freq}")
        if max_tokens is not None and max_tokens < max(len(specials), 1):
            raise ValueError(f"Vocabulary(): max_tokens should leave room for {max(len(specials), 1)} tokens, but is {max_tokens}")
        counts = Counter(_strings(tokens, "tokens"))
        for token in _strings(specials, "specials"):
            counts.pop(token, None)
        frequent = sorted((token for token, n in counts.items() if n >= min_freq), key=lambda token: (-counts[token], token))
        self._fill([*specials, *frequent][:max_tokens], None)
        self.default_index = self._index_of_default(default)

    def _fill(self, tokens: list[str], default_index: int | None) -> None:
        self._tokens, self._indices = tokens, {token: i for i, token in enumerate(tokens)}
        if len(self._indices) < len(tokens):
            twice = next(token for i, token in enumerate(tokens) if self._indices[token] != i)
            raise ValueError(f"Vocabulary(): the token {twice!r} is there twice")
        self.default_index = default_index

    def _index_of_default(self, default: int | str | None) -> int | None:
        if isinstance(default, str):
            if default not in self._indices:
                raise ValueError(f"Vocabulary(): the default {default!r} is no token of the vocabulary; name it in `specials`")
            return self._indices[default]
        if default is not None and not 0 <= default < len(self):
            raise ValueError(f"Vocabulary(): the default should be from 0 to {len(self) - 1}, but is {default}")
        return default

    @property
    def tokens(self) -> list[str]:
        """All tokens, in the order of their numbers."""
        return list(self._tokens)

    def __len__(self) -> int:
        return len(self._tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._indices

    def __iter__(self) -> Iterator[str]:
        return iter(self._tokens)

    def __getitem__(self, token: str) -> int:
        """The number of a token; KeyError for one that is unknown where there is no default."""
        index = self._indices.get(token, self.default_index)
        if index is None:
            raise KeyError(f"{token!r} is not in the vocabulary of {len(self)} tokens, which has no default for unknown ones")
        return index

    def indices(self, tokens: Iterable[str]) -> list[int]:
        """The numbers of tokens."""
        return [self[token] for token in tokens]

    def lookup(self, indices: Iterable[int]) -> list[str]:
        """The tokens of numbers; IndexError past the end, and before the beginning."""
        found = []
        for index in indices:
            if not 0 <= index < len(self):
                raise IndexError(f"Vocabulary.lookup(): expected numbers from 0 to {len(self) - 1}, but got {index}")
            found.append(self._tokens[index])
        return found

    def state_dict(self) -> dict[str, Any]:
        """The vocabulary as plain data, for `torch.save` or JSON."""
        return {"tokens": list(self._tokens), "default_index": self.default_index}

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Any]) -> Vocabulary:
        """The vocabulary of which `state_dict()` was made."""
        made = cls(())
        made._fill(list(state["tokens"]), state["default_index"])
        return made

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} tokens)"


def _strings(tokens: Iterable[str], name: str) -> Iterator[str]:
    for token in tokens:
        if not isinstance(token, str):
            raise TypeError(
                f"Vocabulary(): {name} should be strings, but one is a {type(token).__name__}: {token!r}\n"
                "    Vocabulary(lines)                                      # wrong, where each line is a list of tokens\n"
                "    Vocabulary(token for line in lines for token in line)  # right"
            )
        yield token
