"""Data in the formats that public programs read, made from a seed: idx files, CIFAR's pickles, Cora, text, names, folders of pictures."""

import gzip
import pickle
import struct
import zlib


import numpy as np

WORDS = """the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you were her all
she there would their we him been has when who will more no if out so said what up its about into than them can only other new some could time these
two may then do first any my now such like our over man me even most made after also did many before must through years where much your way""".split()


def pictures(rng, count, side, channels, classes):
    """Pictures whose class can be seen: a bright square whose place is the class, under noise."""
    labels = rng.integers(0, classes, count)
    images = rng.integers(0, 60, (count, channels, side, side))
    step = max(1, side // 4)
    for image, label in zip(images, labels):
        row, column = divmod(int(label) % 9, 3)
        image[int(label) % channels, row * step : row * step + step, column * step : column * step + step] += 180
    return images.astype(np.uint8), labels.astype(np.int64)


def mnist(folder, train=256, test=64):
    """The four idx files of MNIST, plain and packed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count, seed in (("train", train, 1), ("t10k", test, 2)):
        images, labels = pictures(np.random.default_rng(seed), count, 28, 1, 10)
        for path, text in (
            (folder / f"{name}-images-idx3-ubyte", struct.pack(">IIII", 2051, count, 28, 28) + images.tobytes()),
            (folder / f"{name}-labels-idx1-ubyte", struct.pack(">II", 2049, count) + labels.astype(np.uint8).tobytes()),
        ):
            path.write_bytes(text)
            path.with_suffix(".gz").write_bytes(gzip.compress(text, mtime=0))


def cifar(folder, classes):
    """CIFAR-10's six pickles, or CIFAR-100's two."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"train": 256, "test": 64} if classes == 100 else {**{f"data_batch_{n}": 64 for n in range(1, 6)}, "test_batch": 64}
    for seed, (name, count) in enumerate(names.items()):
        images, labels = pictures(np.random.default_rng(seed), count, 32, 3, classes)
        key = b"fine_labels" if classes == 100 else b"labels"
        (folder / name).write_bytes(pickle.dumps({b"data": images.reshape(count, -1), key: labels.tolist(), b"batch_label": name.encode()}))


def png(path, image):
    """Write an array of height, width and one or three channels as a PNG."""
    image = np.ascontiguousarray(image, dtype=np.uint8)
    image = image.reshape(*image.shape[:2], -1)
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    kind = 0 if image.shape[2] == 1 else 2

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8, kind, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def folder(path, classes=2, each=8, side=64):
    """Pictures in one folder a class."""
    for label in range(classes):
        (path / f"class{label}").mkdir(parents=True, exist_ok=True)
        images, _ = pictures(np.random.default_rng(label), each, side, 3, classes)
        for number, image in enumerate(images):
            png(path / f"class{label}" / f"{number}.png", image.transpose(1, 2, 0))


def flat(path, count=12, side=64):
    """Pictures in one folder."""
    path.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(pictures(np.random.default_rng(3), count, side, 3, 9)[0]):
        png(path / f"{number}.png", image.transpose(1, 2, 0))


def sentences(rng, count, length=12):
    """Sentences in which a word depends on the one before it."""
    follow = rng.integers(0, len(WORDS), (len(WORDS), 4))
    lines, word = [], 0
    for _ in range(count):
        line = []
        for _ in range(int(rng.integers(4, length))):
            word = int(follow[word, rng.integers(0, 4)])
            line.append(WORDS[word])
        lines.append(" ".join(line))
    return lines


def text(path, count=400, seed=5):
    """Sentences, each on a line that begins with a capital and ends with a full stop."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = "".join(f"{line.capitalize()}.\n" for line in sentences(np.random.default_rng(seed), count))
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(told.encode(), mtime=0))
    else:
        path.write_text(told)


def drama(path):
    """Sentences after a line of Shakespeare's, from which a program goes on."""
    text(path)
    path.write_text("O God, O God!\n" + path.read_text())


def corpus(path, suffix=".txt", count=400):
    """A language model's train, valid and test files, in small letters."""
    path.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(("train", "valid", "test")):
        lines = sentences(np.random.default_rng(seed), count if name == "train" else count // 4)
        (path / (name + suffix)).write_text("".join(f" {line} \n" for line in lines))


def enwik8(path):
    """A packed text of as many bytes as programs that cut enwik8 at 90 and 95 million read of it, by repetition."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = ("\n".join(sentences(np.random.default_rng(8), 4000)) + "\n").encode()
    with gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) as file:
        for _ in range(95_000_000 // len(line) + 1):
            file.write(line)


def name(rng):
    """A name of syllables."""
    return "".join(rng.choice(["ka", "lo", "mi", "ren", "sto", "va", "che", "dor", "an", "el"]) for _ in range(int(rng.integers(2, 4)))).capitalize()


def names(path):
    """A text file of names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(11)
    path.write_text("".join(name(rng).lower() + "\n" for _ in range(400)))


def countries(path):
    """Packed tables of names and countries, one for training and one for testing."""
    path.mkdir(parents=True, exist_ok=True)
    for seed, part in enumerate(("train", "test")):
        rng = np.random.default_rng(seed)
        rows = "".join(f'"{name(rng)}","{rng.choice(["Italian", "Korean", "Dutch"])}"\n' for _ in range(128))
        (path / f"names_{part}.csv.gz").write_bytes(gzip.compress(rows.encode(), mtime=0))


def name_files(path):
    """One file of names a country."""
    path.mkdir(parents=True, exist_ok=True)
    for seed, country in enumerate(("Dutch", "Italian", "Korean")):
        rng = np.random.default_rng(seed)
        (path / f"{country}.txt").write_text("".join(name(rng) + "\n" for _ in range(40)))


def diabetes(path):
    """A packed table of eight numbers and a label."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    values = rng.uniform(-1, 1, (96, 8))
    rows = "".join(",".join(f"{each:.6f}" for each in row) + f",{int(row.sum() > 0)}\n" for row in values)
    path.write_bytes(gzip.compress(rows.encode(), mtime=0))


def cora(path, papers=2708, words=60):
    """Cora's two files with as many papers and fewer words: identifier, words, class; and who cites whom."""
    path.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(13)
    classes = rng.integers(0, 7, papers)
    kinds = ["Case_Based", "Genetic_Algorithms", "Neural_Networks", "Probabilistic_Methods", "Reinforcement_Learning", "Rule_Learning", "Theory"]
    bag = (rng.random((papers, words)) < 0.1 + 0.4 * (np.arange(words)[None] % 7 == classes[:, None])).astype(int)
    bag[:, 0] = 1
    (path / "cora.content").write_text("".join(f"{1000 + n}\t" + "\t".join(map(str, bag[n])) + f"\t{kinds[classes[n]]}\n" for n in range(papers)))
    pairs = rng.integers(0, papers, (5429, 2))
    (path / "cora.cites").write_text("".join(f"{1000 + a}\t{1000 + b}\n" for a, b in pairs))


def translations(path):
    """Pairs of sentences with a tab between them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pairs = zip(sentences(np.random.default_rng(1), 60, 7), sentences(np.random.default_rng(2), 60, 7))
    path.write_text("".join(f"{a} .\t{b} .\n" for a, b in pairs))


def characters(path):
    """nanoGPT's prepared characters: train.bin, val.bin and meta.pkl."""
    path.mkdir(parents=True, exist_ok=True)
    told = "\n".join(sentences(np.random.default_rng(5), 400))
    known = sorted(set(told))
    codes = np.array([known.index(each) for each in told], dtype=np.uint16)
    (path / "train.bin").write_bytes(codes[: len(codes) * 9 // 10].tobytes())
    (path / "val.bin").write_bytes(codes[len(codes) * 9 // 10 :].tobytes())
    meta = {"vocab_size": len(known), "itos": dict(enumerate(known)), "stoi": {each: n for n, each in enumerate(known)}}
    (path / "meta.pkl").write_bytes(pickle.dumps(meta))


def notes(path):
    """An empty folder that a program writes to."""
    path.mkdir(parents=True, exist_ok=True)


def large(path):
    """Four large pictures in one folder."""
    flat(path, 4, 256)


KINDS = {
    "large": large, "drama": drama,
    "mnist": mnist, "cifar10": lambda path: cifar(path, 10), "cifar100": lambda path: cifar(path, 100), "folder": folder, "flat": flat, "text": text,
    "corpus": corpus, "enwik8": enwik8, "names": names, "countries": countries, "name_files": name_files, "diabetes": diabetes, "cora": cora,
    "translations": translations, "characters": characters, "empty": notes,
}  # fmt: skip
