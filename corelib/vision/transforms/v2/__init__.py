"""torchvision.transforms.v2: transforms of whole samples, images with their boxes, masks, points and labels, and of videos and batches."""

from corelib.vision.transforms._augmentations import AutoAugmentPolicy as AutoAugmentPolicy
from corelib.vision.transforms._interpolation import InterpolationMode as InterpolationMode
from corelib.vision.transforms.v2 import functional as functional
from corelib.vision.transforms.v2._augment import CutMix as CutMix, MixUp as MixUp
from corelib.vision.transforms.v2._auto_augment import (
    AugMix as AugMix, AutoAugment as AutoAugment, RandAugment as RandAugment, TrivialAugmentWide as TrivialAugmentWide,
)  # fmt: skip
from corelib.vision.transforms.v2._boxes import (
    ClampBoundingBoxes as ClampBoundingBoxes, ClampKeyPoints as ClampKeyPoints, ConvertBoundingBoxFormat as ConvertBoundingBoxFormat,
    ConvertImageDtype as ConvertImageDtype, Identity as Identity, Lambda as Lambda, PILToTensor as PILToTensor,
    SanitizeBoundingBoxes as SanitizeBoundingBoxes, SanitizeKeyPoints as SanitizeKeyPoints, SetClampingMode as SetClampingMode, ToDtype as ToDtype,
    ToImage as ToImage, ToPILImage as ToPILImage, ToPureTensor as ToPureTensor, ToTensor as ToTensor,
    UniformTemporalSubsample as UniformTemporalSubsample,
)  # fmt: skip
from corelib.vision.transforms.v2._color import (
    JPEG as JPEG, RGB as RGB, ColorJitter as ColorJitter, GaussianBlur as GaussianBlur, GaussianNoise as GaussianNoise, Grayscale as Grayscale,
    LinearTransformation as LinearTransformation, Normalize as Normalize, RandomAdjustSharpness as RandomAdjustSharpness,
    RandomAutocontrast as RandomAutocontrast, RandomChannelPermutation as RandomChannelPermutation, RandomEqualize as RandomEqualize,
    RandomErasing as RandomErasing, RandomGrayscale as RandomGrayscale, RandomInvert as RandomInvert,
    RandomPhotometricDistort as RandomPhotometricDistort, RandomPosterize as RandomPosterize, RandomSolarize as RandomSolarize,
)  # fmt: skip
from corelib.vision.transforms.v2._container import (
    Compose as Compose, RandomApply as RandomApply, RandomChoice as RandomChoice, RandomOrder as RandomOrder,
)  # fmt: skip
from corelib.vision.transforms.v2._geometry import (
    CenterCrop as CenterCrop, ElasticTransform as ElasticTransform, FiveCrop as FiveCrop, Pad as Pad, RandomAffine as RandomAffine,
    RandomCrop as RandomCrop, RandomHorizontalFlip as RandomHorizontalFlip, RandomPerspective as RandomPerspective,
    RandomResizedCrop as RandomResizedCrop, RandomRotation as RandomRotation, RandomVerticalFlip as RandomVerticalFlip, Resize as Resize,
    TenCrop as TenCrop,
)  # fmt: skip
from corelib.vision.transforms.v2._queries import (
    check_type as check_type, get_bounding_boxes as get_bounding_boxes, get_keypoints as get_keypoints, has_all as has_all, has_any as has_any,
    query_chw as query_chw, query_size as query_size,
)  # fmt: skip
from corelib.vision.transforms.v2._resizing import (
    RandomIoUCrop as RandomIoUCrop, RandomResize as RandomResize, RandomShortestSize as RandomShortestSize, RandomZoomOut as RandomZoomOut,
    ScaleJitter as ScaleJitter,
)  # fmt: skip
from corelib.vision.transforms.v2._transform import Transform as Transform
