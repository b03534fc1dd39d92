"""Models that give scores for every place of an image."""

from corelib.vision.models.segmentation.deeplabv3 import (
    DeepLabV3 as DeepLabV3, DeepLabV3_MobileNet_V3_Large_Weights as DeepLabV3_MobileNet_V3_Large_Weights,
    DeepLabV3_ResNet101_Weights as DeepLabV3_ResNet101_Weights, DeepLabV3_ResNet50_Weights as DeepLabV3_ResNet50_Weights,
    deeplabv3_mobilenet_v3_large as deeplabv3_mobilenet_v3_large, deeplabv3_resnet101 as deeplabv3_resnet101,
    deeplabv3_resnet50 as deeplabv3_resnet50,
)
from corelib.vision.models.segmentation.fcn import (
    FCN as FCN, FCN_ResNet101_Weights as FCN_ResNet101_Weights, FCN_ResNet50_Weights as FCN_ResNet50_Weights, fcn_resnet101 as fcn_resnet101,
    fcn_resnet50 as fcn_resnet50,
)
from corelib.vision.models.segmentation.lraspp import (
    LRASPP as LRASPP, LRASPP_MobileNet_V3_Large_Weights as LRASPP_MobileNet_V3_Large_Weights,
    lraspp_mobilenet_v3_large as lraspp_mobilenet_v3_large,
)
