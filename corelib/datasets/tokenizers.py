"""Texts as numbers and back: character by character, or by pairs of bytes that were joined because they are frequent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Protocol

from corelib.datasets._optional import optional
from corelib.datasets.vocabulary import Vocabulary
from corelib.ops.construction.construct import tensor
from corelib.tensor.dtype import int64
from corelib.tensor.tensor import Tensor

__all__ = ["BytePairTokenizer", "CharTokenizer", "Tokenizer"]


class Tokenizer(Protocol):
    """What makes numbers of texts, and texts of numbers."""

    def encode(self, text: str) -> Tensor:
        """A text as a tensor (tokens,) of int64."""

    def decode(self, indices: Tensor | Iterable[int]) -> str:
        """The text of numbers."""

    def __len__(self) -> int:
        """How many tokens there are."""


class CharTokenizer:
    """Characters by their numbers: those of a text, or of several, in the order of their code points, behind the specials.

    unknown: the special that stands for characters which are not there; None makes them a KeyError.

    >>> from corelib.datasets import CharTokenizer
    >>> letters = CharTokenizer("a naïve cat")
    >>> letters.encode("cat"), letters.decode([2, 1, 7])
    (tensor([2, 1, 5]), 'caï')
    >>> len(letters)
    8
    """

    def __init__(self, texts: str | Iterable[str], *, specials: Sequence[str] = (), unknown: str | None = None) -> None:
        found: set[str] = set()
        for text in [texts] if isinstance(texts, str) else texts:
            found.update(text)
        self.vocabulary = Vocabulary(sorted(found), specials=specials, default=unknown)

    def encode(self, text: str) -> Tensor:
        """A text as a tensor (characters,) of int64; KeyError for a character that is unknown."""
        return tensor(self.vocabulary.indices(text), dtype=int64)

    def decode(self, indices: Tensor | Iterable[int]) -> str:
        """The text of numbers."""
        return "".join(self.vocabulary.lookup(_listed(indices)))

    def __len__(self) -> int:
        return len(self.vocabulary)

    def state_dict(self) -> dict[str, Any]:
        """The characters as plain data, for `torch.save` or JSON."""
        return self.vocabulary.state_dict()

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Any]) -> CharTokenizer:
        """The tokenizer of which `state_dict()` was made."""
        made = cls("")
        made.vocabulary = Vocabulary.from_state_dict(state)
        return made


class BytePairTokenizer:
    """Tokens that grew from single bytes by joining the pair that is most frequent, again and again: no text is unknown, and each comes back whole.

    The work is done by the `tokenizers` package: `pip install "corelib[text]"`. R. Sennrich, B. Haddow and A. Birch, "Neural machine translation
    of rare words with subword units", ACL 2016; over bytes: A. Radford et al., "Language models are unsupervised multitask learners", 2019.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    @classmethod
    def train(cls, files_or_texts: Any, size: int, *, specials: Sequence[str] = (), min_freq: int = 2) -> BytePairTokenizer:
        """Learn at most `size` tokens (256 of them are the bytes) of texts (strings) or files (paths), of one or of several.

        specials: the first tokens, which are never taken apart. min_freq: how often a pair occurs at least. ValueError where `size` is too small.
        """
        if size < 256 + len(specials):
            raise ValueError(f"BytePairTokenizer.train(): size should be at least {256 + len(specials)}, the 256 bytes and the specials, but is {size}")
        pieces = {name: optional(f"tokenizers:{name}", "BytePairTokenizer", "text") for name in ("Tokenizer", "models", "pre_tokenizers", "decoders", "trainers")}
        made = pieces["Tokenizer"](pieces["models"].BPE())
        made.pre_tokenizer = pieces["pre_tokenizers"].ByteLevel(add_prefix_space=False)
        made.decoder = pieces["decoders"].ByteLevel()
        trainer = pieces["trainers"].BpeTrainer(
            vocab_size=size, min_frequency=min_freq, special_tokens=list(specials), show_progress=False, initial_alphabet=pieces["pre_tokenizers"].ByteLevel.alphabet()
        )
        made.train_from_iterator(_texts(files_or_texts), trainer)
        return cls(made)

    def encode(self, text: str) -> Tensor:
        """A text as a tensor (tokens,) of int64."""
        return tensor(self._tokenizer.encode(text).ids, dtype=int64)

    def decode(self, indices: Tensor | Iterable[int]) -> str:
        """The text of numbers, specials included; IndexError for numbers that no token has."""
        listed = _listed(indices)
        for index in listed:
            if not 0 <= index < len(self):
                raise IndexError(f"BytePairTokenizer.decode(): expected numbers from 0 to {len(self) - 1}, but got {index}")
        return str(self._tokenizer.decode(listed, skip_special_tokens=False))

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def __getitem__(self, token: str) -> int:
        """The number of a token, such as a special; KeyError for one that is unknown."""
        index = self._tokenizer.token_to_id(token)
        if index is None:
            raise KeyError(token)
        return int(index)

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a JSON file, in the format of the `tokenizers` package."""
        self._tokenizer.save(fspath(path))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> BytePairTokenizer:
        """Read what `save` wrote, or any other tokenizer's file of that format. FileNotFoundError, and ValueError for a file that is none."""
        read = optional("tokenizers:Tokenizer", "BytePairTokenizer", "text").from_str
        content = Path(path).read_text(encoding="utf-8")
        try:
            return cls(read(content))
        except Exception as error:  # the package raises Exception itself
            raise ValueError(f"BytePairTokenizer.load(): {path} is no tokenizer's file: {error}") from error


def _texts(given: Any) -> Iterator[str]:
    for one in [given] if isinstance(given, (str, PathLike)) else given:
        if isinstance(one, PathLike):
            with open(one, encoding="utf-8", newline="") as file:
                yield from file
        elif isinstance(one, str):
            yield one
        else:
            raise TypeError(f"BytePairTokenizer.train(): expected texts (strings) or files (paths), but got a {type(one).__name__}")


def _listed(indices: Tensor | Iterable[int]) -> list[int]:
    if not isinstance(indices, Tensor):
        return list(indices)
    if indices.dim() != 1:
        raise ValueError(f"decode(): expected numbers of one dimension, but got the shape {tuple(indices.shape)}")
    listed: list[int] = indices.tolist()
    return listed
