"""torchvision.datasets of objects, faces, streets and captions beside torchvision's: the same files, written here, read by both, and wrapped for transforms.v2."""

import json
import pickle
import sys
import tarfile
import types
import zipfile
from pathlib import Path

import corelib
import corelib.vision as vision
import numpy as np
import pytest
import torch
from PIL import Image

from ..pairs import both, errors_of
from .beside import torchvision
from .test_datasets import SETS, compared, plain, same

RNG = np.random.default_rng(7)
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pictures that both give unread hold their files


def size_of(image):
    return image.size


def shown(target):
    return str(target)


def summed(target):
    return target.sum().item()


def swapped(image, target):
    return target, image


def counted(image, target):
    return image.size, target + 1


def picture(path, size=(12, 9), mode="RGB", values=256):
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = {"RGB": (3,), "L": (), "P": ()}[mode]
    image = Image.fromarray(RNG.integers(0, values, (size[1], size[0], *channels)).astype("uint8"))
    if mode == "P":
        image.putpalette([i * 7 % 256 for i in range(768)])
    image.save(path)


def text(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def refused(call):
    mine, theirs = errors_of(lambda T: call(SETS[T]))
    assert type(mine) is type(theirs), (mine, theirs)


def wrapped_alike(make, count, **keys):
    """Samples of the wrapped data sets: the same kinds, numbers, formats and canvases."""

    def samples(T):
        data = SETS[T].wrap_dataset_for_transforms_v2(make(SETS[T]), **keys)
        assert isinstance(data, SETS[T].VisionDataset) and type(data).__name__.startswith("Wrapped")
        again = pickle.loads(pickle.dumps(data))
        assert len(again) == len(data)
        return [known(again[i]) for i in range(count)]

    mine, theirs = both(samples)
    same(mine, theirs)


def known(value):
    if isinstance(value, dict):
        return sorted((key, known(each)) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return [known(each) for each in value]
    if isinstance(value, (corelib.Tensor, torch.Tensor)):
        told = [str(getattr(value, name, None)) for name in ("format", "canvas_size")]
        return [type(value).__name__, str(value.dtype), *told, np.asarray(value.as_subclass(corelib.Tensor if isinstance(value, corelib.Tensor) else torch.Tensor))]
    return plain(value)


XML = """<annotation><folder>VOC</folder><size><width>12</width><height>9</height></size><object><name>dog</name><bndbox><xmin>1</xmin><ymin>2</ymin>
<xmax>8</xmax><ymax>7</ymax></bndbox><part><name>head</name></part><part><name>paw</name></part></object>{more}</annotation>"""


@pytest.mark.parametrize("year", ["2007", "2011", "2012"])
def test_voc(tmp_path, year):
    root = tmp_path / ("TrainVal" if year == "2011" else "") / "VOCdevkit" / f"VOC{year}"
    for n, name in enumerate(("one", "two")):
        picture(root / "JPEGImages" / f"{name}.jpg")
        picture(root / "SegmentationClass" / f"{name}.png", mode="P", values=21)
        text(root / "Annotations" / f"{name}.xml", XML.format(more="<object><name>cat</name><bndbox><xmin>0</xmin><ymin>0</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></object>" * n))
    for part in ("Segmentation", "Main"):
        for image_set in ("train", "test"):
            text(root / "ImageSets" / part / f"{image_set}.txt", "one\ntwo\n")
    for name in ("VOCSegmentation", "VOCDetection"):
        compared(lambda sets, name=name: getattr(sets, name)(tmp_path, year), ["images", "targets", "year", "image_set", "url", "filename", "md5"])
        compared(lambda sets, name=name: getattr(sets, name)(str(tmp_path), year=year, transforms=swapped))
        for wrong in ({"year": "2013"}, {"year": year, "image_set": "all"}, {"year": "2008"}, {"year": "2012", "image_set": "test"}):
            refused(lambda sets, name=name, wrong=wrong: getattr(sets, name)(tmp_path, **wrong))
    if year == "2007":
        compared(lambda sets: sets.VOCDetection(tmp_path, year, "test"), ["annotations"])
    wrapped_alike(lambda sets: sets.VOCSegmentation(tmp_path, year), 2)
    for keys in ({}, {"target_keys": "all"}, {"target_keys": ["labels"]}):
        wrapped_alike(lambda sets: sets.VOCDetection(tmp_path, year), 2, **keys)
    refused(lambda sets: sets.wrap_dataset_for_transforms_v2(sets.VOCDetection(tmp_path, year), target_keys=["mask"]))
    refused(lambda sets: sets.wrap_dataset_for_transforms_v2(sets.VOCDetection(tmp_path, year), target_keys=3))
    refused(lambda sets: sets.wrap_dataset_for_transforms_v2(sets.VOCSegmentation(tmp_path, year), target_keys="all"))
    refused(lambda sets: sets.wrap_dataset_for_transforms_v2(sets.FakeData(2)))
    refused(lambda sets: sets.wrap_dataset_for_transforms_v2([1, 2]))


class COCO:
    """As much of pycocotools' as the data sets ask for."""

    def __init__(self, file):
        told = json.loads(Path(file).read_text())
        self.imgs = {each["id"]: each for each in told["images"]}
        self.anns = {each["id"]: each for each in told["annotations"]}

    def loadImgs(self, id):
        return [self.imgs[id]]

    def getAnnIds(self, id):
        return [key for key, each in self.anns.items() if each["image_id"] == id]

    def loadAnns(self, ids):
        return [self.anns[id] for id in ids]


def test_coco(tmp_path, monkeypatch):
    package = types.ModuleType("pycocotools")
    package.coco, package.mask = types.ModuleType("pycocotools.coco"), types.ModuleType("pycocotools.mask")
    package.coco.COCO = COCO
    package.mask.frPyObjects = lambda shape, h, w: (shape, h, w)
    package.mask.merge = lambda shape: shape
    package.mask.decode = lambda shape: np.arange(108).reshape(9, 12).astype("uint8") % 2 if isinstance(shape, tuple) else np.ones((9, 12), "uint8")
    for name, module in (("pycocotools", package), ("pycocotools.coco", package.coco), ("pycocotools.mask", package.mask)):
        monkeypatch.setitem(sys.modules, name, module)
    for n in range(3):
        picture(tmp_path / f"{n}.png")
    told = [{"id": 10 + n, "image_id": n // 2, "bbox": [1.0, 2.0, 3.0 + n, 4.0], "category_id": n + 1, "area": 12.0, "iscrowd": 0, "caption": f"text {n}",
             "segmentation": [[[1, 1, 2, 2]], {"counts": [1, 2]}, {"counts": "abc"}][n]} for n in range(3)]  # fmt: skip
    text(tmp_path / "told.json", json.dumps({"images": [{"id": n, "file_name": f"{n}.png"} for n in (2, 0, 1)], "annotations": told}))
    file = str(tmp_path / "told.json")
    compared(lambda sets: sets.CocoDetection(tmp_path, file), ["ids"])
    compared(lambda sets: sets.CocoCaptions(tmp_path, file, target_transform=len), ["ids"])
    refused(lambda sets: sets.CocoDetection(tmp_path, file)["a"])
    for keys in ({}, {"target_keys": "all"}, {"target_keys": ["masks", "area"]}):
        wrapped_alike(lambda sets: sets.CocoDetection(tmp_path, file), 3, **keys)
    wrapped_alike(lambda sets: sets.CocoCaptions(tmp_path, file), 3)


def test_coco_needs_its_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    refused(lambda sets: sets.CocoDetection(tmp_path, "none"))


def test_celeba(tmp_path, monkeypatch):
    for sets in SETS.values():
        monkeypatch.setattr(sets.CelebA, "file_list", [(number, None, name) for number, _, name in sets.CelebA.file_list])
    folder = tmp_path / "celeba"
    names = [f"{n:06d}.jpg" for n in range(6)]
    for name in names:
        picture(folder / "img_align_celeba" / name)
    text(folder / "list_eval_partition.txt", "".join(f"{name} {n % 3}\n" for n, name in enumerate(names)))
    text(folder / "identity_CelebA.txt", "".join(f"{name} {n + 7}\n" for n, name in enumerate(names)))
    text(folder / "list_bbox_celeba.txt", "4\nimage_id x_1 y_1 width height\n" + "".join(f"{name}    {n} 1  5 6\n" for n, name in enumerate(names)))
    text(folder / "list_landmarks_align_celeba.txt", "4\na b\n" + "".join(f"{name} {' '.join(str(n + k) for k in range(10))}\n" for n, name in enumerate(names)))
    text(folder / "list_attr_celeba.txt", "4\nBald Young \n" + "".join(f"{name} {1 - n % 2 * 2} -1\n" for n, name in enumerate(names)))
    kinds = ("attr", "identity", "bbox", "landmarks")
    for split in ("train", "valid", "test", "all"):
        for kind in (*kinds, list(kinds), []):
            compared(lambda sets, kind=kind, split=split: sets.CelebA(tmp_path, split, kind), ["filename", "identity", "bbox", "attr", "attr_names", "landmarks_align", "target_type"])
    compared(lambda sets: sets.CelebA(tmp_path, "ALL", transform=size_of, target_transform=summed))
    for wrong in (lambda s: s.CelebA(tmp_path, "most"), lambda s: s.CelebA(tmp_path, target_type=[], target_transform=int), lambda s: s.CelebA(tmp_path, target_type="age")[0], lambda s: s.CelebA(tmp_path / "no")):
        refused(wrong)
    wrapped_alike(lambda sets: sets.CelebA(tmp_path, "all", ["bbox", "identity"]), 6)
    wrapped_alike(lambda sets: sets.CelebA(tmp_path, "all", "bbox"), 6)
    refused(lambda sets: sets.wrap_dataset_for_transforms_v2(sets.CelebA(tmp_path)))


def test_oxford_iiit_pet(tmp_path):
    folder, lines = tmp_path / "oxford-iiit-pet", ""
    for n, name in enumerate(("Abyssinian_1", "great_pyrenees_12", "Abyssinian_2")):
        picture(folder / "images" / f"{name}.jpg")
        picture(folder / "annotations" / "trimaps" / f"{name}.png", mode="L", values=4)
        lines += f"{name} {1 + n % 2} {1 + n % 2} 1\n"
    for split in ("trainval", "test"):
        text(folder / "annotations" / f"{split}.txt", lines)
    for kinds in ("category", "binary-category", "segmentation", ["category", "segmentation"], []):
        compared(lambda sets, kinds=kinds: sets.OxfordIIITPet(tmp_path, "test", kinds), ["classes", "class_to_idx", "bin_classes", "bin_class_to_idx"])
        wrapped_alike(lambda sets, kinds=kinds: sets.OxfordIIITPet(str(tmp_path), target_types=kinds), 3)
    compared(lambda sets: sets.OxfordIIITPet(tmp_path, transforms=counted))
    for wrong in (lambda s: s.OxfordIIITPet(tmp_path, "val"), lambda s: s.OxfordIIITPet(tmp_path, target_types="age"), lambda s: s.OxfordIIITPet(tmp_path / "no")):
        refused(wrong)


def test_fgvc_aircraft_and_clevr(tmp_path):
    folder = tmp_path / "fgvc-aircraft-2013b" / "data"
    for name in ("001", "002"):
        picture(folder / "images" / f"{name}.jpg")
    for level, many in (("variant", "variants"), ("family", "families"), ("manufacturer", "manufacturers")):
        text(folder / f"{many}.txt", f"{level} a\n{level} b\n")
        text(folder / f"images_{level}_trainval.txt", f"001 {level} b\n002 {level} a\n")
        compared(lambda sets, level=level: sets.FGVCAircraft(tmp_path, annotation_level=level), ["classes", "class_to_idx"])
    compared(lambda sets: sets.FGVCAircraft(str(tmp_path), transform=size_of, target_transform=shown))
    for wrong in (lambda s: s.FGVCAircraft(tmp_path, "all"), lambda s: s.FGVCAircraft(tmp_path, annotation_level="size"), lambda s: s.FGVCAircraft(tmp_path / "no")):
        refused(wrong)
    folder = tmp_path / "clevr" / "CLEVR_v1.0"
    for split in ("train", "test"):
        for n in range(2):
            picture(folder / "images" / split / f"{split}_{n}.png")
    text(folder / "scenes" / "CLEVR_train_scenes.json", json.dumps({"scenes": [{"image_filename": f"train_{n}.png", "objects": [1] * (3 + n)} for n in range(2)]}))
    for split in ("train", "test"):
        compared(lambda sets, split=split: sets.CLEVRClassification(tmp_path, split))
    for wrong in (lambda s: s.CLEVRClassification(tmp_path, "all"), lambda s: s.CLEVRClassification(tmp_path / "no"), lambda s: s.CLEVRClassification(tmp_path, "val")[0]):
        refused(wrong)


def test_stanford_cars_and_sbd(tmp_path):
    pytest.importorskip("scipy")
    from scipy.io import savemat
    from scipy.sparse import csc_matrix

    folder = tmp_path / "stanford_cars"
    rows = np.array([(f"{n}.jpg", n + 1) for n in range(3)], dtype=[("fname", "O"), ("class", "u1")])
    for split, file in (("train", folder / "devkit" / "cars_train_annos.mat"), ("test", folder / "cars_test_annos_withlabels.mat")):
        file.parent.mkdir(parents=True, exist_ok=True)
        savemat(file, {"annotations": rows})
        for n in range(3):
            picture(folder / f"cars_{split}" / f"{n}.jpg")
    savemat(folder / "devkit" / "cars_meta.mat", {"class_names": np.array(["one", "two", "three"], dtype=object)})
    for split in ("train", "test"):
        compared(lambda sets, split=split: sets.StanfordCars(tmp_path, split), ["classes", "class_to_idx"])
    for wrong in (lambda s: s.StanfordCars(tmp_path, "val"), lambda s: s.StanfordCars(tmp_path, download=True), lambda s: s.StanfordCars(tmp_path / "no")):
        refused(wrong)
    told = np.empty(1, dtype=[("Segmentation", "O"), ("Boundaries", "O")])
    edges = np.empty((20, 1), dtype=object)
    for n in range(20):
        edges[n, 0] = csc_matrix(RNG.random((9, 12)) > 0.8)
    told[0] = (RNG.integers(0, 21, (9, 12)).astype("uint8"), edges)
    (tmp_path / "sbd" / "cls").mkdir(parents=True)
    savemat(tmp_path / "sbd" / "cls" / "a.mat", {"GTcls": told})
    picture(tmp_path / "sbd" / "img" / "a.jpg")
    text(tmp_path / "sbd" / "train.txt", "a\n")
    for mode in ("boundaries", "segmentation"):
        compared(lambda sets, mode=mode: sets.SBDataset(tmp_path / "sbd", mode=mode), ["images", "masks"])
    wrapped_alike(lambda sets: sets.SBDataset(tmp_path / "sbd", mode="segmentation"), 1)
    for wrong in (lambda s: s.wrap_dataset_for_transforms_v2(s.SBDataset(tmp_path / "sbd")), lambda s: s.SBDataset(tmp_path / "sbd", "all"), lambda s: s.SBDataset(tmp_path / "sbd", mode="x"), lambda s: s.SBDataset(tmp_path / "no")):
        refused(wrong)


def test_places365(tmp_path, monkeypatch):
    for sets in SETS.values():
        monkeypatch.setattr(sets.Places365, "_CATEGORIES_META", ("categories_places365.txt", None))
        monkeypatch.setattr(sets.Places365, "_FILE_LIST_META", {split: (file, None) for split, (file, _) in sets.Places365._FILE_LIST_META.items()})
    text(tmp_path / "categories_places365.txt", "/b/bar 1\n/a/attic 0\n")
    for split, file, rows in (("train-standard", "places365_train_standard.txt", "/a/attic/1.jpg 0\n/b/bar/2.jpg 1\n"), ("train-challenge", "places365_train_challenge.txt", "/a/attic/1.jpg 0\n"),
                              ("val", "places365_val.txt", "1.jpg 1\n2.jpg 0\n"), ("test", "places365_test.txt", "1.jpg\n")):  # fmt: skip
        text(tmp_path / file, rows)
        for small in (False, True):
            size = "256" if small else "large"
            folder = tmp_path / (f"data_{size}_{split.removeprefix('train-')}" if "train" in split else f"{split}_{size}")
            for row in rows.splitlines():
                picture(folder / row.split()[0].lstrip("/"))
            compared(lambda sets, split=split, small=small: sets.Places365(str(tmp_path), split, small), ["classes", "class_to_idx", "imgs", "targets", "variant", "images_dir"])
    compared(lambda sets: sets.Places365(tmp_path, "val", transform=size_of, target_transform=shown))
    for wrong in (lambda s: s.Places365(tmp_path, "train"), lambda s: s.Places365(tmp_path / "no")):
        refused(wrong)


def test_cityscapes(tmp_path):
    for sub, city in (("train", "bochum"), ("val", "ulm")):
        for mode in ("gtFine", "gtCoarse"):
            start = tmp_path / mode / sub / city / f"{city}_000_019_{mode}_"
            picture(start.with_name(start.name + "color.png"))
            picture(start.with_name(start.name + "labelIds.png"), mode="L", values=30)
            picture(start.with_name(start.name + "instanceIds.png"), mode="L", values=5)
            text(start.with_name(start.name + "polygons.json"), json.dumps({"objects": [1, 2]}))
        picture(tmp_path / "leftImg8bit" / sub / city / f"{city}_000_019_leftImg8bit.png")
    for kind in ("semantic", "color", "polygon", "instance", ["semantic", "polygon"]):
        for mode in ("fine", "coarse"):
            compared(lambda sets, kind=kind, mode=mode: sets.Cityscapes(tmp_path, "val", mode, kind), ["images", "targets", "target_type", "split", "mode"])
    for kind in ("semantic", ["semantic", "semantic"], "instance"):
        wrapped_alike(lambda sets, kind=kind: sets.Cityscapes(str(tmp_path), target_type=kind), 1)
    mine, theirs = both(lambda T: [tuple(each) for each in SETS[T].Cityscapes.classes])
    assert mine == theirs
    for wrong in (lambda s: s.Cityscapes(tmp_path, "test", "coarse"), lambda s: s.Cityscapes(tmp_path, mode="x"), lambda s: s.Cityscapes(tmp_path, target_type="x"), lambda s: s.Cityscapes(tmp_path, "test"),
                  lambda s: s.wrap_dataset_for_transforms_v2(s.Cityscapes(tmp_path, target_type="color"))):  # fmt: skip
        refused(wrong)
    for sub in ("zips", "zips2"):
        (tmp_path / sub).mkdir()
        for folder, name in (("leftImg8bit", "leftImg8bit_trainvaltest.zip"), ("gtFine", "gtFine_trainvaltest.zip")):
            with zipfile.ZipFile(tmp_path / sub / name, "w") as archive:
                for path in (tmp_path / folder).rglob("*"):
                    archive.write(path, path.relative_to(tmp_path))
    mine, theirs = vision.datasets.Cityscapes(tmp_path / "zips", "val"), torchvision.datasets.Cityscapes(tmp_path / "zips2", "val")
    same(plain(mine[0]), plain(theirs[0]))


def test_widerface_and_kitti(tmp_path):
    folder = tmp_path / "widerface"
    rows = "a/1.jpg\n2\n1 2 3 4 0 0 1 0 2 0 \n5 6 7 8 1 0 0 1 0 1 \nb/2.jpg\n0\n0 0 0 0 0 0 0 0 0 0 \n"
    for split in ("train", "val", "test"):
        text(folder / "wider_face_split" / ("wider_face_test_filelist.txt" if split == "test" else f"wider_face_{split}_bbx_gt.txt"), "a/1.jpg\nb/2.jpg\n" if split == "test" else rows)
        for name in ("a/1.jpg", "b/2.jpg"):
            picture(folder / f"WIDER_{split}" / "images" / name)
    for split in ("train", "val", "test"):
        mine, theirs = both(lambda T, split=split: [known(SETS[T].WIDERFace(tmp_path, split)[i]) for i in range(2)])
        same(mine, theirs)
        mine, theirs = both(lambda T, split=split: repr(SETS[T].WIDERFace(tmp_path, split)))
        assert mine == theirs
        for keys in ({}, {"target_keys": ["bbox"]}, {"target_keys": "all"}):
            wrapped_alike(lambda sets, split=split: sets.WIDERFace(tmp_path, split), 2, **keys)
    for wrong in (lambda s: s.WIDERFace(tmp_path, "all"), lambda s: s.WIDERFace(tmp_path / "no")):
        refused(wrong)
    for place in ("training", "testing"):
        for n in range(2):
            picture(tmp_path / "Kitti" / "raw" / place / "image_2" / f"{n}.png")
            text(tmp_path / "Kitti" / "raw" / place / "label_2" / f"{n}.txt", f"Car 0.5 {n} -1.5 1 2 9 8 1.1 1.2 1.3 4 5 6 0.1\n" * (n + 1))
    for train in (True, False):
        compared(lambda sets, train=train: sets.Kitti(tmp_path, train), ["images", "targets"])
        for keys in ({}, {"target_keys": "all"}):
            wrapped_alike(lambda sets, train=train: sets.Kitti(tmp_path, train), 2, **keys)
    refused(lambda sets: sets.Kitti(tmp_path / "no"))


def test_lfw(tmp_path, monkeypatch):
    for sets in SETS.values():
        for kind in (sets.LFWPeople, sets.LFWPairs):
            monkeypatch.setattr(kind, "checksums", dict.fromkeys(kind.checksums))
            monkeypatch.setattr(kind, "file_dict", {key: (folder, file, None) for key, (folder, file, _) in kind.file_dict.items()})
    folder = tmp_path / "lfw-py"
    for images, archive in (("lfw", "lfw.tgz"), ("lfw_funneled", "lfw-funneled.tgz")):
        text(folder / archive, "")
        for who in ("Ann_A", "Bob_B"):
            for n in (1, 2):
                picture(folder / images / who / f"{who}_{n:04d}.jpg")
    text(folder / "lfw-names.txt", "Ann_A\t2\nBob_B\t2\n")
    text(folder / "people.txt", "2\n2\nAnn_A\t2\nBob_B\t1\n1\nBob_B\t2\n")
    text(folder / "pairs.txt", "2\t1\nAnn_A\t1\t2\nAnn_A\t1\tBob_B\t2\nBob_B\t1\t2\nBob_B\t2\tAnn_A\t1\n")
    for part in ("Train", "Test"):
        text(folder / f"peopleDev{part}.txt", "2\nAnn_A\t2\nBob_B\t1\n")
        text(folder / f"pairsDev{part}.txt", "1\nBob_B\t1\t2\nAnn_A\t1\tBob_B\t2\n")
    for split in ("10fold", "train", "test"):
        for images in ("funneled", "original"):
            compared(lambda sets, split=split, images=images: sets.LFWPeople(str(tmp_path), split, images), ["class_to_idx", "data", "targets"])
            compared(lambda sets, split=split, images=images: sets.LFWPairs(str(tmp_path), split, images), ["pair_names", "data", "targets"])
    compared(lambda sets: sets.LFWPairs(str(tmp_path), transform=size_of, target_transform=shown))
    for wrong in (lambda s: s.LFWPairs(str(tmp_path), "all"), lambda s: s.LFWPeople(str(tmp_path), image_set="all"), lambda s: s.LFWPeople(str(tmp_path), image_set="deepfunneled"), lambda s: s.LFWPeople(str(tmp_path), download=True)):
        refused(wrong)


def test_flickr(tmp_path):
    for name in ("123_a.jpg", "456_b.jpg", "x.jpg"):
        picture(tmp_path / name)
    page = "<html><table><tr><td><a href='x'>http://flickr/photos/123/</a><ul><li> one dog </li><li>a dog</li></ul></td><td>Image Not Found</td><td><ul><li>lost</li></ul></td><td><a href='y'>http://flickr/photos/456/</a><ul><li>a cat</li></ul></td></tr></table><a>no/1/2</a></html>"
    text(tmp_path / "page.html", page)
    text(tmp_path / "told.token", "x.jpg#0\tone dog\nx.jpg#1\ttwo dogs\n456_b.jpg#0\ta cat\n")
    compared(lambda sets: sets.Flickr8k(str(tmp_path), str(tmp_path / "page.html")), ["ids", "annotations"])
    compared(lambda sets: sets.Flickr30k(str(tmp_path), str(tmp_path / "told.token"), transform=size_of, target_transform=len), ["ids"])
    refused(lambda sets: sets.Flickr30k(str(tmp_path), str(tmp_path / "no")))


def test_imagenet(tmp_path, monkeypatch):
    pytest.importorskip("scipy")
    from scipy.io import savemat

    for number, sets in enumerate(SETS.values()):
        monkeypatch.setattr(sets.imagenet, "ARCHIVE_META", {key: (file, None) for key, (file, _) in sets.imagenet.ARCHIVE_META.items()})
    rows = np.array([(1, "n01", "a thing, other", 0, 0), (2, "n02", "cat", 0, 0), (3, "n03", "all", 0, 2)], dtype=[("id", "O"), ("wnid", "O"), ("words", "O"), ("gloss", "O"), ("num_children", "O")])
    data = tmp_path / "make" / "ILSVRC2012_devkit_t12" / "data"
    data.mkdir(parents=True)
    savemat(data / "meta.mat", {"synsets": rows})
    text(data / "ILSVRC2012_validation_ground_truth.txt", "2\n1\n2\n")
    for n in range(3):
        picture(tmp_path / "make" / f"val_{n}.png")
    for wnid in ("n01", "n02"):
        picture(tmp_path / "make" / f"{wnid}_0.png")
        with tarfile.open(tmp_path / "make" / f"{wnid}.tar", "w") as archive:
            archive.add(tmp_path / "make" / f"{wnid}_0.png", f"{wnid}_0.png")
    roots = {}
    for T in SETS:
        roots[T] = tmp_path / T.__name__
        roots[T].mkdir()
        for name, files in (("ILSVRC2012_devkit_t12.tar.gz", ["ILSVRC2012_devkit_t12"]), ("ILSVRC2012_img_val.tar", [f"val_{n}.png" for n in range(3)]), ("ILSVRC2012_img_train.tar", ["n01.tar", "n02.tar"])):
            with tarfile.open(roots[T] / name, "w:gz" if name.endswith("gz") else "w") as archive:
                for file in files:
                    archive.add(tmp_path / "make" / file, file)
    for split in ("train", "val"):
        mine, theirs = both(lambda T, split=split: SETS[T].ImageNet(roots[T], split))
        for name in ("classes", "class_to_idx", "wnids", "wnid_to_idx", "targets"):
            assert getattr(mine, name) == getattr(theirs, name), name
        for i in range(len(theirs)):
            same(plain(mine[i]), plain(theirs[i]))
        again = vision.datasets.ImageNet(roots[torch], split)  # the meta file that PyTorch has written
        assert again.classes == theirs.classes
    refused(lambda sets: sets.ImageNet(tmp_path, "test"))
    refused(lambda sets: sets.ImageNet(tmp_path / "no"))


def test_pcam(tmp_path, monkeypatch):
    class File(dict):
        def __init__(self, path):
            super().__init__(np.load(path, allow_pickle=False).items())

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    package = types.ModuleType("h5py")
    package.File = File
    for part, values in (("x", {"x": RNG.integers(0, 256, (2, 96, 96, 3)).astype("uint8")}), ("y", {"y": np.array([0, 1]).reshape(2, 1, 1, 1)})):
        (tmp_path / "pcam").mkdir(exist_ok=True)
        with open(tmp_path / "pcam" / f"camelyonpatch_level_2_split_test_{part}.h5", "wb") as file:
            np.savez(file, **values)
    monkeypatch.setitem(sys.modules, "h5py", package)
    compared(lambda sets: sets.PCAM(tmp_path, "test"))
    for wrong in (lambda s: s.PCAM(tmp_path), lambda s: s.PCAM(tmp_path, "all")):
        refused(wrong)
    monkeypatch.setitem(sys.modules, "h5py", None)
    refused(lambda sets: sets.PCAM(tmp_path, "test"))
