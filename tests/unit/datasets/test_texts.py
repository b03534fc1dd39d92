"""Vocabularies, tokenizers, padded batches, windows of texts, and labelled texts."""

from __future__ import annotations

import json
import pickle

import pytest

import corelib as torch
from corelib.datasets import BytePairTokenizer, CharTokenizer, TextClassification, TextWindows, Vocabulary, pad_batch
from corelib.utils.data import DataLoader

WORDS = "the cat and the dog and the bird".split()


def test_a_vocabulary_is_ordered_by_frequency_and_then_by_the_tokens():
    words = Vocabulary(iter(WORDS), specials=["<pad>", "<unk>"], default="<unk>")
    assert words.tokens == ["<pad>", "<unk>", "the", "and", "bird", "cat", "dog"] and len(words) == 7 and list(words) == words.tokens
    assert words["dog"] == 6 and words["fish"] == 1 and words.indices(["the", "fish"]) == [2, 1] and words.lookup([2, 0]) == ["the", "<pad>"]
    assert "cat" in words and "fish" not in words and words.default_index == 1


def test_rare_and_superfluous_tokens_are_left_out():
    assert Vocabulary(WORDS, min_freq=2).tokens == ["the", "and"]
    assert Vocabulary(WORDS, max_tokens=2, specials=["<unk>"]).tokens == ["<unk>", "the"]
    assert Vocabulary(["<unk>", "a"], specials=["<unk>"]).tokens == ["<unk>", "a"]
    assert len(Vocabulary([])) == 0 and Vocabulary("hallå").tokens == ["l", "a", "h", "å"]


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: Vocabulary(WORDS)["fish"], KeyError, "'fish' is not in the vocabulary of 5"),
        (lambda: Vocabulary(WORDS).lookup([5]), IndexError, "from 0 to 4, but got 5"),
        (lambda: Vocabulary(WORDS).lookup([-1]), IndexError, "got -1"),
        (lambda: Vocabulary([["a"]]), TypeError, "tokens should be strings, but one is a list"),
        (lambda: Vocabulary(WORDS, default="<unk>"), ValueError, "'<unk>' is no token"),
        (lambda: Vocabulary(WORDS, default=5), ValueError, "from 0 to 4"),
        (lambda: Vocabulary(WORDS, specials=["a", "a"]), ValueError, "'a' is there twice"),
        (lambda: Vocabulary(WORDS, min_freq=0), ValueError, "min_freq"),
        (lambda: Vocabulary(WORDS, max_tokens=1, specials=["a", "b"]), ValueError, "max_tokens"),
        (lambda: CharTokenizer("abc").encode("abd"), KeyError, "'d'"),
        (lambda: CharTokenizer("abc").decode(torch.zeros(1, 1, dtype=torch.int64)), ValueError, "one dimension"),
        (lambda: TextWindows([1, 2, 3], 3), ValueError, "need 4 tokens, but the text has 3"),
        (lambda: TextWindows([], 1), ValueError, "has 0"),
        (lambda: TextWindows([1, 2, 3], 0), ValueError, "at least 1"),
        (lambda: TextWindows([1, 2, 3], 2, -1), ValueError, "are 2 and -1"),
        (lambda: TextWindows([1.0, 2.0], 1), ValueError, "integers of one dimension"),
        (lambda: TextWindows("text", 2), TypeError, "needs a tokenizer"),
        (lambda: TextWindows([1, 2], 1, tokenizer=CharTokenizer("a")), TypeError, "is a list"),
        (lambda: pad_batch()([torch.zeros(2, 3), torch.zeros(2, 4)]), ValueError, "only the first dimension may differ"),
        (lambda: pad_batch()([[1, 2], [3]]), ValueError, "equally many fields, but have \\[1, 2\\]"),
        (lambda: pad_batch()([]), ValueError, "no samples"),
        (lambda: pad_batch(with_lengths=True)([(1, 2), (3, 4)]), TypeError, "with_lengths needs a tensor"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_states_are_plain_data(tmp_path):
    words = Vocabulary(WORDS, specials=["<unk>"], default="<unk>")
    torch.save(words.state_dict(), tmp_path / "words.pt")
    states = (torch.load(tmp_path / "words.pt", weights_only=True), json.loads(json.dumps(words.state_dict())))
    for again in (*map(Vocabulary.from_state_dict, states), pickle.loads(pickle.dumps(words))):
        assert again.tokens == words.tokens and again["fish"] == 0 and again["dog"] == words["dog"]
    letters = CharTokenizer.from_state_dict(json.loads(json.dumps(CharTokenizer("häst").state_dict())))
    assert letters.decode(letters.encode("ths")) == "ths"


def test_characters_and_back():
    text = "Ein naïver Fuß – 猫 🐈\n"
    letters = CharTokenizer(text)
    tokens = letters.encode(text)
    assert tokens.dtype == torch.int64 and tokens.shape == (len(text),) and letters.decode(tokens) == text and len(letters) == len(set(text))
    assert letters.encode("").tolist() == [] and letters.decode([]) == ""
    several = CharTokenizer(["ab", "bc"], specials=["<unk>"], unknown="<unk>")
    assert several.encode("abz").tolist() == [1, 2, 0] and several.decode([1, 0]) == "a<unk>"


def test_bytes_are_joined_and_come_back(tmp_path):
    pytest.importorskip("tokenizers")
    text = "low lower lowest " * 50 + "naïve 猫 🐈"
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    for given in (text, [text], tmp_path / "text.txt", [tmp_path / "text.txt"]):
        pairs = BytePairTokenizer.train(given, 270, specials=["<end>"])
        assert len(pairs) <= 270 and pairs["<end>"] == 0 and "low" in pairs._tokenizer.get_vocab()
    for unseen in (text, " zwei  Mäuse\n\t🐁", "low<end>", ""):
        assert pairs.decode(pairs.encode(unseen)) == unseen
    assert len(pairs.encode("low lower")) < 9 and pairs.encode("low").dtype == torch.int64
    pairs.save(tmp_path / "pairs.json")
    for again in (BytePairTokenizer.load(tmp_path / "pairs.json"), pickle.loads(pickle.dumps(pairs))):
        assert torch.equal(again.encode(text), pairs.encode(text))
    with pytest.raises(ValueError, match="at least 257"):
        BytePairTokenizer.train(text, 256, specials=["<end>"])
    with pytest.raises(IndexError, match="got 270"):
        pairs.decode([270])
    with pytest.raises(KeyError):
        pairs["<none>"]
    with pytest.raises(TypeError, match="got a int"):
        BytePairTokenizer.train([1], 300)
    (tmp_path / "pairs.json").write_text("{}")
    with pytest.raises(ValueError, match="no tokenizer's file"):
        BytePairTokenizer.load(tmp_path / "pairs.json")


def test_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("corelib.datasets._optional.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'pip install "corelib\[text\]"'):
        BytePairTokenizer.train("text", 300)


def test_batches_are_padded():
    a, b = torch.tensor([1, 2, 3]), torch.tensor([4])
    assert pad_batch()([a, b]).tolist() == [[1, 2, 3], [4, 0, 0]]
    assert pad_batch(9, batch_first=False)([a, b]).tolist() == [[1, 4], [2, 9], [3, 9]]
    x, n = pad_batch(with_lengths=True)([a, b])
    assert x.shape == (2, 3) and n.tolist() == [3, 1] and n.dtype == torch.int64
    x, y, label, n = pad_batch(-1, with_lengths=True)([(a, b, 0), (b, a, 1)])
    assert x.tolist() == [[1, 2, 3], [4, -1, -1]] and y.tolist() == [[4, -1, -1], [1, 2, 3]] and label.tolist() == [0, 1] and n.tolist() == [3, 1]
    assert pad_batch()([torch.ones(2, 3), torch.ones(1, 3)]).sum((1, 2)).tolist() == [6, 3]
    assert pad_batch()([torch.tensor([], dtype=torch.int64), b]).tolist() == [[0], [4]]


def test_windows_of_a_text_and_the_tokens_after():
    windows = TextWindows(range(10), 3)
    assert [(x.tolist(), y.tolist()) for x, y in windows] == [([0, 1, 2], [1, 2, 3]), ([3, 4, 5], [4, 5, 6]), ([6, 7, 8], [7, 8, 9])]
    assert [x.tolist() for x, _ in TextWindows(torch.arange(5), 2, stride=1)] == [[0, 1], [1, 2], [2, 3]]
    assert TextWindows([5, 6], 1)[0][1].tolist() == [6]
    tokens = torch.arange(1000)
    assert TextWindows(tokens, 10, 1)[:][0].data_ptr() == tokens.data_ptr()
    letters = CharTokenizer("abc")
    x, y = TextWindows("abcab", 4, tokenizer=letters)[0]
    assert (letters.decode(x), letters.decode(y)) == ("abca", "bcab")


@pytest.mark.parametrize("workers", [0, 2])
def test_windows_in_a_loader(workers):
    batches = list(DataLoader(TextWindows(torch.arange(101), 10), batch_size=4, num_workers=workers))
    assert torch.equal(torch.cat([x for x, _ in batches]).flatten(), torch.arange(100)) and all(torch.equal(x + 1, y) for x, y in batches)


def test_labelled_texts_of_csv_and_json_lines(tmp_path):
    csv, jsonl, tsv = tmp_path / "a.csv", tmp_path / "a.jsonl", tmp_path / "a.tsv"
    csv.write_text('\ufefflabel,text\nbad,"Trist, och\nkall ☔"\ngood,Fin!\n', encoding="utf-8")
    jsonl.write_text('{"text": "Trist, och\\nkall ☔", "label": "bad"}\n\n{"text": "Fin!", "label": "good", "more": 1}\n', encoding="utf-8")
    tsv.write_text('label\ttext\nbad\t"Trist, och\nkall ☔"\ngood\tFin!\n', encoding="utf-8")
    for path in (csv, jsonl, tsv):
        texts = TextClassification(path)
        assert texts.classes == ["bad", "good"] and list(texts) == [("Trist, och\nkall ☔", 0), ("Fin!", 1)] and len(texts) == 2
    assert TextClassification(csv, classes=["good", "bad"]).labels == [1, 0]
    jsonl.write_text('{"t": "a", "l": 10}\n{"t": "b", "l": 9}\n')
    assert TextClassification(jsonl, "t", "l").classes == [9, 10]
    csv.write_text("text,label\n")
    assert len(TextClassification(csv)) == 0


@pytest.mark.parametrize("workers", [0, 2])
def test_labelled_texts_in_a_loader(tmp_path, workers):
    (tmp_path / "a.csv").write_text("text,label\nabc,x\na,y\nbb,x\n")
    texts = TextClassification(tmp_path / "a.csv", tokenizer=CharTokenizer("abc", specials=["<pad>"]))
    (x, label, lengths), (rest, _, _) = DataLoader(texts, batch_size=2, collate_fn=pad_batch(with_lengths=True), num_workers=workers)
    assert x.tolist() == [[1, 2, 3], [1, 0, 0]] and label.tolist() == [0, 1] and lengths.tolist() == [3, 1] and rest.tolist() == [[2, 2]]
    assert pickle.loads(pickle.dumps(texts))[2][0].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"text,label\na,x\nb\n", "line 3: expected 2 fields"), ("a.csv", b"text,label\na,x,y\n", "line 2: expected 2 fields"),
        ("a.csv", b"words,label\na,x\n", "one column 'text', but the header has 'words', 'label'"), ("a.csv", b"", "the header has none"),
        ("a.csv", b"text,text,label\n", "one column 'text'"), ("a.csv", b"text,label\n\xff,x\n", "not UTF-8"), ("a.csv", b'text,label\n"a,x\n', "after line 1: unexpected end"),
        ("a.jsonl", b'{"text": "a", "label": 1}\n{"text": \n', "line 2"), ("a.jsonl", b"[1]\n", "line 1: expected an object"),
        ("a.jsonl", b'{"text": "a"}\n', "line 1: there is no 'label'; there are 'text'"), ("a.jsonl", b'{"text": 1, "label": 1}\n', "'text' should be a string, but is 1"),
        ("a.jsonl", b'{"text": "a", "label": 1.5}\n', "'label' should be a string or an integer"), ("a.txt", b"", "ends in .csv, .tsv or .jsonl"),
    ],
)  # fmt: skip
def test_a_damaged_file_of_texts_is_refused(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=said):
        TextClassification(tmp_path / name)


def test_an_unknown_class_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\na,x\nb,z\n")
    with pytest.raises(ValueError, match="line 3: 'z' is none of the classes 'x', 'y'"):
        TextClassification(tmp_path / "a.csv", classes=["x", "y"])
