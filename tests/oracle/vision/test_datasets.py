"""torchvision.datasets beside torchvision's: the same generated files read by both, compared item by item."""

import bz2
import gzip
import json
import lzma
import os
import pickle
import struct
import warnings
from pathlib import Path

import corelib
import corelib.vision as vision
import numpy as np
import pytest
import torch
from PIL import Image

from ..pairs import assert_close, both, errors_of
from .beside import torchvision

SETS = {corelib: vision.datasets, torch: torchvision.datasets}


def plain(value):
    """What an item holds, in NumPy's types and Python's."""
    if isinstance(value, (corelib.Tensor, torch.Tensor)):
        return str(value.dtype), value.numpy()
    if isinstance(value, Image.Image):
        return value.mode, np.asarray(value)
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return type(value).__name__, value


def same(mine, theirs):
    if isinstance(theirs, (list, tuple)):
        assert len(mine) == len(theirs)
        for a, b in zip(mine, theirs):
            same(a, b)
    elif isinstance(theirs, np.ndarray):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    else:
        assert mine == theirs


def compared(make, attributes=(), count=None):
    """Both libraries' data set: attributes, text, and each item, with and without transforms."""
    mine, theirs = both(lambda T: make(SETS[T]))
    assert len(mine) == len(theirs)
    for name in attributes:
        a, b = getattr(mine, name), getattr(theirs, name)
        same(plain(a) if not isinstance(a, list) else a, plain(b) if not isinstance(b, list) else b)
    assert repr(mine) == repr(theirs)
    for index in range(min(len(mine), count or len(mine))):
        same(plain(mine[index]), plain(theirs[index]))
    return mine, theirs


def to_array(image):
    return np.asarray(image).astype(np.int64) * 2


def negative(target):
    return -target


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def folders(root, rng):
    for name, kinds in (("dog", ["b.png", "a.JPG", "deep/er/c.webp"]), ("cat", ["x.bmp", "notes.txt", "y.jpeg"]), (".hidden", ["z.pgm"])):
        for kind in kinds:
            path = root / name / kind
            path.parent.mkdir(parents=True, exist_ok=True)
            if kind.endswith("txt"):
                path.write_text("no picture")
            else:
                image = Image.fromarray(rng.integers(0, 256, (5, 7, 3)).astype(np.uint8))
                (image.convert("L") if kind.endswith("pgm") else image).save(path)
    (root / "file.png").write_bytes(b"beside the classes")
    return root


def test_image_folder(tmp_path, rng):
    root = folders(tmp_path / "pictures", rng)
    names = ("classes", "class_to_idx", "samples", "targets", "imgs", "extensions", "root")
    compared(lambda sets: sets.ImageFolder(str(root)), names)
    compared(lambda sets: sets.ImageFolder(root, transform=to_array, target_transform=negative), names)
    compared(lambda sets: sets.ImageFolder(root, is_valid_file=lambda path: path.endswith("txt"), loader=lambda p: Path(p).read_text(), allow_empty=True), names)
    compared(lambda sets: sets.DatasetFolder(root, lambda p: os.path.getsize(p), (".png", ".bmp"), allow_empty=True), names[:4])


def test_folders_refuse_what_torchvision_refuses(tmp_path, rng):
    root = folders(tmp_path / "pictures", rng)
    (tmp_path / "none").mkdir()
    (root / "empty").mkdir()
    for wrong in (
        lambda s: s.ImageFolder(root), lambda s: s.ImageFolder(tmp_path / "none"), lambda s: s.ImageFolder(tmp_path / "absent"),
        lambda s: s.folder.make_dataset(root), lambda s: s.folder.make_dataset(root, {}, (".png",)), lambda s: s.DatasetFolder(root, str),
        lambda s: s.folder.make_dataset(root, extensions=".png", is_valid_file=str), lambda s: s.DatasetFolder.make_dataset(root, None),
        lambda s: s.VisionDataset(root, transforms=str, transform=str), lambda s: len(s.VisionDataset(root)), lambda s: s.VisionDataset(root)[0],
    ):  # fmt: skip
        mine, theirs = errors_of(lambda T: wrong(SETS[T]))
        assert type(mine) is type(theirs), (mine, theirs)
    for name in ("a.JPG", "b.png", "c.txt", "d"):
        assert vision.datasets.folder.is_image_file(name) == torchvision.datasets.folder.is_image_file(name)
    assert vision.datasets.folder.IMG_EXTENSIONS == torchvision.datasets.folder.IMG_EXTENSIONS


def test_what_a_data_set_says_of_itself():
    class Long:
        def __repr__(self):
            return "Long(\n    of two lines\n)"

    for arguments in ({}, {"root": "~/x"}, {"transform": Long()}, {"target_transform": Long(), "root": "a"}, {"transforms": Long()}, {"transform": Long(), "target_transform": Long()}):
        def made(T):
            class Three(SETS[T].VisionDataset):
                def __len__(self):
                    return 3

                def extra_repr(self):
                    return "Split: both\nMore: yes"

            one = Three(**arguments)
            return repr(one), one.root, repr(SETS[T].vision.StandardTransform(Long())), SETS[T].vision.StandardTransform(str, int)(1, "2")

        mine, theirs = both(made)
        assert mine == theirs


@pytest.mark.parametrize("shape", [(3, 6, 5), (1, 4, 4), (4, 3, 3)])
def test_fake_data_is_torchvisions_noise(shape):
    compared(lambda s: s.FakeData(4, shape, 7), ("size", "num_classes", "image_size", "random_offset", "root"))
    compared(lambda s: s.FakeData(3, shape, 7, to_array, negative, random_offset=100))
    state = corelib.get_rng_state()
    vision.datasets.FakeData(3, shape)[0]
    assert (state == corelib.get_rng_state()).all()
    mine, theirs = errors_of(lambda T: SETS[T].FakeData(3)[3])
    assert type(mine) is type(theirs)


def idx(array, kind=8):
    sizes = b"".join(struct.pack(">I", n) for n in array.shape)
    return struct.pack(">HBB", 0, kind, array.ndim) + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def numbers(root, rng, name, prefixes, labels="labels-idx1"):
    raw = root / name / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for prefix in prefixes:
        count = int(rng.integers(3, 8))
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(idx(rng.integers(0, 256, (count, 28, 28)).astype(np.uint8)))
        if labels == "labels-idx1":
            (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(idx(rng.integers(0, 10, count).astype(np.uint8)))
        else:
            (raw / f"{prefix}-labels-idx2-int").write_bytes(idx(rng.integers(0, 10, (count, 8)).astype(np.int32), 12))


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST"])
def test_mnist_and_its_like(tmp_path, rng, name, train):
    numbers(tmp_path, rng, name, ("train", "t10k"))
    names = ("data", "targets", "classes", "class_to_idx", "train", "raw_folder", "processed_folder", "mirrors", "training_file", "test_file")
    mine, _ = compared(lambda s: getattr(s, name)(tmp_path, train), names)
    compared(lambda s: getattr(s, name)(str(tmp_path), train, to_array, negative), names)
    assert [tuple(each) for each in getattr(vision.datasets, name).resources] == getattr(torchvision.datasets, name).resources
    with pytest.warns(UserWarning, match="train_labels has been renamed targets"):
        assert mine.train_labels is mine.targets
    with pytest.warns(UserWarning, match="test_data has been renamed data"):
        assert mine.test_data is mine.data
    mine, theirs = errors_of(lambda T: getattr(SETS[T], name)(tmp_path / "nowhere"))
    assert type(mine) is type(theirs)


@pytest.mark.parametrize("split", ["byclass", "bymerge", "balanced", "letters", "digits", "mnist"])
def test_emnist(tmp_path, rng, split):
    numbers(tmp_path, rng, "EMNIST", (f"emnist-{split}-train", f"emnist-{split}-test"))
    for train in (True, False):
        compared(lambda s: s.EMNIST(tmp_path, split, train=train), ("data", "targets", "classes", "class_to_idx", "images_file", "labels_file", "url", "md5"))
    for wrong in ("all", 3):
        mine, theirs = errors_of(lambda T: SETS[T].EMNIST(tmp_path, wrong))
        assert type(mine) is type(theirs)


@pytest.mark.parametrize("what", [None, "train", "test", "test10k", "test50k", "nist"])
def test_qmnist(tmp_path, rng, what):
    numbers(tmp_path, rng, "QMNIST", ("qmnist-train", "qmnist-test"), "labels-idx2")
    numbers(tmp_path, rng, "QMNIST", ("xnist",), "labels-idx2")
    for compat in (True, False):
        compared(lambda s: s.QMNIST(tmp_path, what, compat), ("data", "targets", "classes", "what", "compat", "images_file", "labels_file"))
    compared(lambda s: s.QMNIST(tmp_path, train=False, transform=to_array), ("what", "train"))


def test_mnist_of_old_versions(tmp_path):
    folder = tmp_path / "MNIST" / "processed"
    folder.mkdir(parents=True)
    for name in ("training.pt", "test.pt"):
        torch.save((torch.arange(2 * 28 * 28, dtype=torch.uint8).view(2, 28, 28), torch.tensor([1, 2])), folder / name)
    compared(lambda s: s.MNIST(tmp_path), ("data", "targets"))


@pytest.mark.parametrize(("kind", "dtype"), [(8, np.uint8), (9, np.int8), (11, np.int16), (12, np.int32), (13, np.float32), (14, np.float64)])
def test_idx_files_of_every_type(tmp_path, rng, kind, dtype):
    for shape in ((5,), (2, 3), (2, 3, 4)):
        array = (rng.random(shape) * 100).astype(dtype)
        (tmp_path / "a").write_bytes(idx(array, kind))
        mine, theirs = both(lambda T: SETS[T].mnist.read_sn3_pascalvincent_tensor(str(tmp_path / "a")))
        assert_close(mine, theirs)
        for suffix, module in ((".gz", gzip), (".xz", lzma)):
            (tmp_path / f"a{suffix}").write_bytes(module.compress(idx(array, kind)))
            assert (vision.datasets.mnist.read_sn3_pascalvincent_tensor(tmp_path / f"a{suffix}") == mine).all()
        for reader in ("read_image_file", "read_label_file"):
            if dtype == np.uint8 and len(shape) == {"read_image_file": 3, "read_label_file": 1}[reader]:
                assert_close(*both(lambda T: getattr(SETS[T].mnist, reader)(str(tmp_path / "a"))))
            else:
                ours, other = errors_of(lambda T: getattr(SETS[T].mnist, reader)(str(tmp_path / "a")))
                assert type(ours) is type(other)
    (tmp_path / "long").write_bytes(idx(array, kind) + bytes(8))
    (tmp_path / "none").write_bytes(b"\0\0\x08\x09" + bytes(40))
    for name in ("long", "none"):
        ours, other = errors_of(lambda T: SETS[T].mnist.read_sn3_pascalvincent_tensor(str(tmp_path / name)))
        assert type(ours) is type(other)


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize(("name", "classes", "key", "meta"), [("CIFAR10", 10, "labels", "label_names"), ("CIFAR100", 100, "fine_labels", "fine_label_names")])
def test_cifar(tmp_path, rng, monkeypatch, name, classes, key, meta, train):
    ours, other = getattr(vision.datasets, name), getattr(torchvision.datasets, name)
    for each in ("base_folder", "url", "filename", "tgz_md5", "train_list", "test_list", "meta"):
        assert getattr(ours, each) == getattr(other, each)
    folder = tmp_path / ours.base_folder
    folder.mkdir()
    for file, _ in ours.train_list + ours.test_list:
        told = {"data": rng.integers(0, 256, (4, 3072)).astype(np.uint8), key: rng.integers(0, classes, 4).tolist(), "batch_label": file}
        (folder / file).write_bytes(pickle.dumps(told, protocol=2))
    (folder / ours.meta["filename"]).write_bytes(pickle.dumps({meta: [f"class {n}" for n in range(classes)]}))
    mine, theirs = errors_of(lambda T: getattr(SETS[T], name)(tmp_path))  # the files are not those that were published
    assert type(mine) is type(theirs)
    for sets in SETS.values():
        kind = getattr(sets, name)
        monkeypatch.setattr(kind, "train_list", [[file, None] for file, _ in kind.train_list])
        monkeypatch.setattr(kind, "test_list", [[file, None] for file, _ in kind.test_list])
        monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": None})
    compared(lambda s: getattr(s, name)(tmp_path, train), ("data", "targets", "classes", "class_to_idx", "train"))
    compared(lambda s: getattr(s, name)(str(tmp_path), train, to_array, negative))


def test_svhn(tmp_path, rng, monkeypatch):
    from scipy.io import savemat

    for split in ("train", "test", "extra"):
        savemat(tmp_path / f"{split}_32x32.mat", {"X": rng.integers(0, 256, (32, 32, 3, 5)).astype(np.uint8), "y": rng.integers(1, 11, (5, 1)).astype(np.uint8)})
    assert vision.datasets.SVHN.split_list == torchvision.datasets.SVHN.split_list
    mine, theirs = errors_of(lambda T: SETS[T].SVHN(tmp_path))
    assert type(mine) is type(theirs)
    for sets in SETS.values():
        monkeypatch.setattr(sets.SVHN, "split_list", {key: [url, file, None] for key, (url, file, _) in sets.SVHN.split_list.items()})
    for split in ("train", "test", "extra"):
        compared(lambda s: s.SVHN(tmp_path, split), ("data", "labels", "split"))
    compared(lambda s: s.SVHN(tmp_path, transform=to_array, target_transform=negative))


@pytest.mark.parametrize("split", ["train", "train+unlabeled", "unlabeled", "test"])
def test_stl10(tmp_path, rng, monkeypatch, split):
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    for name, count in (("train_X", 6), ("unlabeled_X", 3), ("test_X", 2)):
        (folder / f"{name}.bin").write_bytes(rng.bytes(count * 3 * 96 * 96))
    for name, count in (("train_y", 6), ("test_y", 2)):
        (folder / f"{name}.bin").write_bytes(rng.integers(1, 11, count).astype(np.uint8).tobytes())
    (folder / "class_names.txt").write_text("airplane\nbird\n")
    (folder / "fold_indices.txt").write_text("\n".join("0 2 5" if n % 2 else "1 3" for n in range(10)))
    for name in ("base_folder", "url", "filename", "tgz_md5", "train_list", "test_list", "splits"):
        assert getattr(vision.datasets.STL10, name) == getattr(torchvision.datasets.STL10, name)
    for sets in SETS.values():
        for part in ("train_list", "test_list"):
            monkeypatch.setattr(sets.STL10, part, [[file, None] for file, _ in getattr(sets.STL10, part)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torchvision's np.fromstring
        for folds in (None, 0, 3):
            compared(lambda s: s.STL10(tmp_path, split, folds), ("data", "labels", "classes", "folds", "split"))
    for wrong in ({"split": "x"}, {"folds": 10}, {"folds": "1"}):
        mine, theirs = errors_of(lambda T: SETS[T].STL10(tmp_path, **wrong))
        assert type(mine) is type(theirs)


def test_caltech(tmp_path, rng):
    from scipy.io import savemat

    for name, other in (("Faces", "Faces_2"), ("ant", "ant"), ("BACKGROUND_Google", "x")):
        (tmp_path / "caltech101" / "101_ObjectCategories" / name).mkdir(parents=True)
        (tmp_path / "caltech101" / "Annotations" / other).mkdir(parents=True)
        for n in (1, 2):
            Image.fromarray(rng.integers(0, 256, (6, 5, 3)).astype(np.uint8)).save(tmp_path / "caltech101" / "101_ObjectCategories" / name / f"image_{n:04d}.jpg")
            savemat(tmp_path / "caltech101" / "Annotations" / other / f"annotation_{n:04d}.mat", {"obj_contour": rng.random((2, 4))})
    for kind in ("category", "annotation", ["category", "annotation"]):
        compared(lambda s: s.Caltech101(tmp_path, kind), ("categories", "annotation_categories", "index", "y", "target_type", "root"))
    for n, name in enumerate(("001.ak47", "002.flag"), 1):
        (tmp_path / "caltech256" / "256_ObjectCategories" / name).mkdir(parents=True)
        (tmp_path / "caltech256" / "256_ObjectCategories" / name / "RENAME2").write_text("no picture")
        for each in (1, 2, 3):
            Image.fromarray(rng.integers(0, 256, (6, 5)).astype(np.uint8)).save(tmp_path / "caltech256" / "256_ObjectCategories" / name / f"{n:03d}_{each:04d}.jpg")
    compared(lambda s: s.Caltech256(tmp_path), ("categories", "index", "y", "root"))
    compared(lambda s: s.Caltech256(tmp_path, to_array, negative))
    for wrong in (lambda s: s.Caltech101(tmp_path / "none"), lambda s: s.Caltech256(tmp_path / "none"), lambda s: s.Caltech101(tmp_path, "x")):
        mine, theirs = errors_of(lambda T: wrong(SETS[T]))
        assert type(mine) is type(theirs)


def test_usps_semeion_and_moving_mnist(tmp_path, rng, monkeypatch):
    for name in ("usps.bz2", "usps.t.bz2"):
        lines = [f"{rng.integers(1, 11)} " + " ".join(f"{n + 1}:{v:.4f}" for n, v in enumerate(rng.random(256) * 2 - 1)) for _ in range(3)]
        (tmp_path / name).write_bytes(bz2.compress("\n".join(lines).encode()))
    for train in (True, False):
        compared(lambda s: s.USPS(tmp_path, train), ("data", "targets"))
    assert vision.datasets.USPS.split_list == torchvision.datasets.USPS.split_list
    rows = [np.r_[rng.integers(0, 2, 256), np.eye(10)[n]] for n in (3, 0, 9)]
    (tmp_path / "semeion.data").write_text("\n".join(" ".join(f"{v:.4f}" for v in row) for row in rows))
    mine, theirs = errors_of(lambda T: SETS[T].SEMEION(tmp_path, download=False))
    assert type(mine) is type(theirs)
    for sets in SETS.values():
        monkeypatch.setattr(sets.SEMEION, "md5_checksum", None)
    compared(lambda s: s.SEMEION(tmp_path), ("data", "labels"))
    (tmp_path / "MovingMNIST").mkdir()
    np.save(tmp_path / "MovingMNIST" / "mnist_test_seq.npy", rng.integers(0, 256, (20, 3, 64, 64)).astype(np.uint8))
    for split, ratio in ((None, 10), ("train", 5), ("test", 5)):
        compared(lambda s: s.MovingMNIST(tmp_path, split, ratio), ("data", "split", "split_ratio"))
    for wrong in ({"split": "x"}, {"split_ratio": 20}, {"split_ratio": 1.5}):
        mine, theirs = errors_of(lambda T: SETS[T].MovingMNIST(tmp_path, **wrong))
        assert type(mine) is type(theirs)


def photo(path, rng, size=(6, 5)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (*size, 3)).astype(np.uint8)).save(path)


LISTED = ("classes", "class_to_idx", "root")


@pytest.mark.parametrize("split", ["train", "test"])
def test_food_signs_and_flowers(tmp_path, rng, monkeypatch, split):
    from scipy.io import savemat

    by_class = {name: [f"{name}/{n}" for n in range(2)] for name in ("soup", "apple_pie")}
    for paths in by_class.values():
        for path in paths:
            photo(tmp_path / "food-101" / "images" / f"{path}.jpg", rng)
    (tmp_path / "food-101" / "meta").mkdir()
    (tmp_path / "food-101" / "meta" / f"{split}.json").write_text(json.dumps(by_class))
    compared(lambda s: s.Food101(tmp_path, split), LISTED)
    compared(lambda s: s.Food101(str(tmp_path), split, len, negative, loader=str))
    for n, name in enumerate(("00000", "00001")):
        photo(tmp_path / "gtsrb" / "GTSRB" / "Training" / name / "00.ppm", rng)
        photo(tmp_path / "gtsrb" / "GTSRB" / "Final_Test" / "Images" / f"{n}.ppm", rng)
    (tmp_path / "gtsrb" / "GT-final_test.csv").write_text("Filename; Width; ClassId\n0.ppm; 5; 14\n1.ppm; 5; 3\n")
    compared(lambda s: s.GTSRB(tmp_path, split), ("root",))
    for n in range(1, 5):
        photo(tmp_path / "flowers-102" / "jpg" / f"image_{n:05d}.jpg", rng)
    savemat(tmp_path / "flowers-102" / "setid.mat", {"trnid": [[1, 3]], "valid": [[2]], "tstid": [[4, 2]]})
    savemat(tmp_path / "flowers-102" / "imagelabels.mat", {"labels": [[7, 1, 102, 5]]})
    assert vision.datasets.Flowers102._file_dict == torchvision.datasets.Flowers102._file_dict
    for sets in SETS.values():
        monkeypatch.setattr(sets.Flowers102, "_file_dict", {key: (name, None) for key, (name, _) in sets.Flowers102._file_dict.items()})
    compared(lambda s: s.Flowers102(tmp_path, split), ("root",))


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_textures_sentences_and_countries(tmp_path, rng, split):
    for name in ("zigzagged/z_1.jpg", "banded/b_1.jpg", "banded/b_2.jpg"):
        photo(tmp_path / "dtd" / "dtd" / "images" / name, rng)
    (tmp_path / "dtd" / "dtd" / "labels").mkdir()
    (tmp_path / "dtd" / "dtd" / "labels" / f"{split}3.txt").write_text("banded/b_2.jpg\nzigzagged/z_1.jpg\nbanded/b_1.jpg\n")
    compared(lambda s: s.DTD(tmp_path, split, 3), LISTED)
    for name in ("negative", "positive"):
        for part in ("train", "valid", "test"):
            photo(tmp_path / "rendered-sst2" / part / name / "1.png", rng)
            photo(tmp_path / "country211" / part / name / "1.jpg", rng)
    compared(lambda s: s.RenderedSST2(tmp_path, split), LISTED)
    compared(lambda s: s.Country211(tmp_path, "valid" if split == "val" else split), (*LISTED, "samples"))


def test_scenes_land_and_easy_classes(tmp_path, rng):
    for name in ("a/abbey/sun_1.jpg", "a/apartment_building/outdoor/sun_2.jpg", "z/zoo/sun_3.jpg"):
        photo(tmp_path / "SUN397" / name, rng)
    (tmp_path / "SUN397" / "ClassName.txt").write_text("/a/abbey\n/a/apartment_building/outdoor\n/z/zoo\n")
    compared(lambda s: s.SUN397(tmp_path), LISTED)
    for name in ("Forest", "River"):
        photo(tmp_path / "eurosat" / "2750" / name / f"{name}_1.jpg", rng)
    compared(lambda s: s.EuroSAT(tmp_path), (*LISTED, "samples"))
    for split in ("train", "val"):
        for name in ("n03888257", "n01440764"):
            photo(tmp_path / "imagenette2-160" / split / name / "1.jpeg", rng)
        compared(lambda s: s.Imagenette(tmp_path, split, "160px"), (*LISTED, "wnids", "wnid_to_idx"))
    mine, theirs = errors_of(lambda T: SETS[T].Imagenette(tmp_path, size="full"))
    assert type(mine) is type(theirs)


def test_characters_and_faces(tmp_path, rng, monkeypatch):
    for part in ("images_background", "images_evaluation"):
        for name in ("Greek/character01", "Greek/character02", "Latin/character01"):
            photo(tmp_path / "omniglot-py" / part / name / "0001_01.png", rng)
        (tmp_path / "omniglot-py" / f"{part}.zip").write_bytes(b"it was unpacked")
    assert vision.datasets.Omniglot.zips_md5 == torchvision.datasets.Omniglot.zips_md5
    assert vision.datasets.FER2013._RESOURCES == torchvision.datasets.FER2013._RESOURCES
    for sets in SETS.values():
        monkeypatch.setattr(sets.Omniglot, "zips_md5", dict.fromkeys(sets.Omniglot.zips_md5))
        monkeypatch.setattr(sets.FER2013, "_RESOURCES", {key: (name, None) for key, (name, _) in sets.FER2013._RESOURCES.items()})
    for background in (True, False):
        compared(lambda s: s.Omniglot(tmp_path, background), ("root", "background", "target_folder"))
    compared(lambda s: s.Omniglot(tmp_path, loader=os.path.basename))
    folder = tmp_path / "fer2013"
    folder.mkdir()
    faces = [" ".join(map(str, rng.integers(0, 256, 48 * 48))) for _ in range(3)]
    (folder / "train.csv").write_text("emotion,pixels\n" + "\n".join(f"{n},{face}" for n, face in enumerate(faces)))
    (folder / "test.csv").write_text("pixels\n" + "\n".join(faces))
    for name in (None, "icml_face_data.csv", "fer2013.csv"):
        if name is not None:
            head, order = ("emotion, Usage, pixels", "{0},{2},{1}") if name[0] == "i" else ("emotion,pixels,Usage", "{0},{1},{2}")
            uses = ("Training", "PublicTest", "PrivateTest")
            (folder / name).write_text(head + "\n" + "\n".join(order.format(n + 2, face, use) for n, (face, use) in enumerate(zip(faces, uses))))
        for split in ("train", "test"):
            compared(lambda s: s.FER2013(tmp_path, split))


@pytest.mark.parametrize("name", ["Food101", "GTSRB", "Flowers102", "DTD", "RenderedSST2", "Country211", "SUN397", "EuroSAT", "Imagenette", "Omniglot", "FER2013"])
def test_what_is_not_there_is_refused_as_by_torchvision(tmp_path, name):
    mine, theirs = errors_of(lambda T: getattr(SETS[T], name)(tmp_path))
    assert type(mine) is type(theirs)
    if name not in ("SUN397", "EuroSAT", "Omniglot"):
        mine, theirs = errors_of(lambda T: getattr(SETS[T], name)(tmp_path, "no such split"))
        assert type(mine) is type(theirs)


def test_a_loader_of_a_folder_gives_torchvisions_batches(tmp_path, rng):
    root = folders(tmp_path / "pictures", rng)

    def batches(T):
        def tensor(image):
            return T.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())

        pictures = SETS[T].ImageFolder(root, transform=tensor)
        T.manual_seed(3)
        return [each for batch in T.utils.data.DataLoader(pictures, batch_size=2, shuffle=True) for each in batch]

    for mine, theirs in zip(*both(batches), strict=True):
        assert_close(mine, theirs)
