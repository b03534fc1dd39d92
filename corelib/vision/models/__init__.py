"""torchvision.models: networks for images, a family a file, and the weights that were published for them.

>>> from corelib.vision.models import list_models, resnet18
>>> len(list_models(include="resnet*")), resnet18(num_classes=10).fc
(5, Linear(in_features=512, out_features=10, bias=True))
"""

from corelib.vision.models.alexnet import AlexNet as AlexNet, AlexNet_Weights as AlexNet_Weights, alexnet as alexnet
from corelib.vision.models.convnext import (
    ConvNeXt as ConvNeXt, ConvNeXt_Base_Weights as ConvNeXt_Base_Weights, ConvNeXt_Large_Weights as ConvNeXt_Large_Weights,
    ConvNeXt_Small_Weights as ConvNeXt_Small_Weights, ConvNeXt_Tiny_Weights as ConvNeXt_Tiny_Weights, convnext_base as convnext_base,
    convnext_large as convnext_large, convnext_small as convnext_small, convnext_tiny as convnext_tiny,
)
from corelib.vision.models.densenet import (
    DenseNet as DenseNet, DenseNet121_Weights as DenseNet121_Weights, DenseNet161_Weights as DenseNet161_Weights,
    DenseNet169_Weights as DenseNet169_Weights, DenseNet201_Weights as DenseNet201_Weights, densenet121 as densenet121, densenet161 as densenet161,
    densenet169 as densenet169, densenet201 as densenet201,
)
from corelib.vision.models.efficientnet import (
    EfficientNet as EfficientNet, EfficientNet_B0_Weights as EfficientNet_B0_Weights, EfficientNet_B1_Weights as EfficientNet_B1_Weights,
    EfficientNet_B2_Weights as EfficientNet_B2_Weights, EfficientNet_B3_Weights as EfficientNet_B3_Weights,
    EfficientNet_B4_Weights as EfficientNet_B4_Weights, EfficientNet_B5_Weights as EfficientNet_B5_Weights,
    EfficientNet_B6_Weights as EfficientNet_B6_Weights, EfficientNet_B7_Weights as EfficientNet_B7_Weights,
    EfficientNet_V2_L_Weights as EfficientNet_V2_L_Weights, EfficientNet_V2_M_Weights as EfficientNet_V2_M_Weights,
    EfficientNet_V2_S_Weights as EfficientNet_V2_S_Weights, efficientnet_b0 as efficientnet_b0, efficientnet_b1 as efficientnet_b1,
    efficientnet_b2 as efficientnet_b2, efficientnet_b3 as efficientnet_b3, efficientnet_b4 as efficientnet_b4, efficientnet_b5 as efficientnet_b5,
    efficientnet_b6 as efficientnet_b6, efficientnet_b7 as efficientnet_b7, efficientnet_v2_l as efficientnet_v2_l,
    efficientnet_v2_m as efficientnet_v2_m, efficientnet_v2_s as efficientnet_v2_s,
)
from corelib.vision.models.googlenet import (
    GoogLeNet as GoogLeNet, GoogLeNetOutputs as GoogLeNetOutputs, GoogLeNet_Weights as GoogLeNet_Weights, _GoogLeNetOutputs as _GoogLeNetOutputs,
    googlenet as googlenet,
)
from corelib.vision.models.inception import (
    Inception3 as Inception3, InceptionOutputs as InceptionOutputs, Inception_V3_Weights as Inception_V3_Weights,
    _InceptionOutputs as _InceptionOutputs, inception_v3 as inception_v3,
)
from corelib.vision.models.mnasnet import (
    MNASNet as MNASNet, MNASNet0_5_Weights as MNASNet0_5_Weights, MNASNet0_75_Weights as MNASNet0_75_Weights,
    MNASNet1_0_Weights as MNASNet1_0_Weights, MNASNet1_3_Weights as MNASNet1_3_Weights, mnasnet0_5 as mnasnet0_5, mnasnet0_75 as mnasnet0_75,
    mnasnet1_0 as mnasnet1_0, mnasnet1_3 as mnasnet1_3,
)
from corelib.vision.models.mobilenet import (
    MobileNetV2 as MobileNetV2, MobileNetV3 as MobileNetV3, MobileNet_V2_Weights as MobileNet_V2_Weights,
    MobileNet_V3_Large_Weights as MobileNet_V3_Large_Weights, MobileNet_V3_Small_Weights as MobileNet_V3_Small_Weights,
    mobilenet_v2 as mobilenet_v2, mobilenet_v3_large as mobilenet_v3_large, mobilenet_v3_small as mobilenet_v3_small,
)
from corelib.vision.models.regnet import (
    RegNet as RegNet, RegNet_X_16GF_Weights as RegNet_X_16GF_Weights, RegNet_X_1_6GF_Weights as RegNet_X_1_6GF_Weights,
    RegNet_X_32GF_Weights as RegNet_X_32GF_Weights, RegNet_X_3_2GF_Weights as RegNet_X_3_2GF_Weights,
    RegNet_X_400MF_Weights as RegNet_X_400MF_Weights, RegNet_X_800MF_Weights as RegNet_X_800MF_Weights,
    RegNet_X_8GF_Weights as RegNet_X_8GF_Weights, RegNet_Y_128GF_Weights as RegNet_Y_128GF_Weights, RegNet_Y_16GF_Weights as RegNet_Y_16GF_Weights,
    RegNet_Y_1_6GF_Weights as RegNet_Y_1_6GF_Weights, RegNet_Y_32GF_Weights as RegNet_Y_32GF_Weights,
    RegNet_Y_3_2GF_Weights as RegNet_Y_3_2GF_Weights, RegNet_Y_400MF_Weights as RegNet_Y_400MF_Weights,
    RegNet_Y_800MF_Weights as RegNet_Y_800MF_Weights, RegNet_Y_8GF_Weights as RegNet_Y_8GF_Weights, regnet_x_16gf as regnet_x_16gf,
    regnet_x_1_6gf as regnet_x_1_6gf, regnet_x_32gf as regnet_x_32gf, regnet_x_3_2gf as regnet_x_3_2gf, regnet_x_400mf as regnet_x_400mf,
    regnet_x_800mf as regnet_x_800mf, regnet_x_8gf as regnet_x_8gf, regnet_y_128gf as regnet_y_128gf, regnet_y_16gf as regnet_y_16gf,
    regnet_y_1_6gf as regnet_y_1_6gf, regnet_y_32gf as regnet_y_32gf, regnet_y_3_2gf as regnet_y_3_2gf, regnet_y_400mf as regnet_y_400mf,
    regnet_y_800mf as regnet_y_800mf, regnet_y_8gf as regnet_y_8gf,
)
from corelib.vision.models.resnet import (
    ResNeXt101_32X8D_Weights as ResNeXt101_32X8D_Weights, ResNeXt101_64X4D_Weights as ResNeXt101_64X4D_Weights,
    ResNeXt50_32X4D_Weights as ResNeXt50_32X4D_Weights, ResNet as ResNet, ResNet101_Weights as ResNet101_Weights,
    ResNet152_Weights as ResNet152_Weights, ResNet18_Weights as ResNet18_Weights, ResNet34_Weights as ResNet34_Weights,
    ResNet50_Weights as ResNet50_Weights, Wide_ResNet101_2_Weights as Wide_ResNet101_2_Weights, Wide_ResNet50_2_Weights as Wide_ResNet50_2_Weights,
    resnet101 as resnet101, resnet152 as resnet152, resnet18 as resnet18, resnet34 as resnet34, resnet50 as resnet50,
    resnext101_32x8d as resnext101_32x8d, resnext101_64x4d as resnext101_64x4d, resnext50_32x4d as resnext50_32x4d,
    wide_resnet101_2 as wide_resnet101_2, wide_resnet50_2 as wide_resnet50_2,
)
from corelib.vision.models.shufflenetv2 import (
    ShuffleNetV2 as ShuffleNetV2, ShuffleNet_V2_X0_5_Weights as ShuffleNet_V2_X0_5_Weights,
    ShuffleNet_V2_X1_0_Weights as ShuffleNet_V2_X1_0_Weights, ShuffleNet_V2_X1_5_Weights as ShuffleNet_V2_X1_5_Weights,
    ShuffleNet_V2_X2_0_Weights as ShuffleNet_V2_X2_0_Weights, shufflenet_v2_x0_5 as shufflenet_v2_x0_5, shufflenet_v2_x1_0 as shufflenet_v2_x1_0,
    shufflenet_v2_x1_5 as shufflenet_v2_x1_5, shufflenet_v2_x2_0 as shufflenet_v2_x2_0,
)
from corelib.vision.models.squeezenet import (
    SqueezeNet as SqueezeNet, SqueezeNet1_0_Weights as SqueezeNet1_0_Weights, SqueezeNet1_1_Weights as SqueezeNet1_1_Weights,
    squeezenet1_0 as squeezenet1_0, squeezenet1_1 as squeezenet1_1,
)
from corelib.vision.models.vgg import (
    VGG as VGG, VGG11_BN_Weights as VGG11_BN_Weights, VGG11_Weights as VGG11_Weights, VGG13_BN_Weights as VGG13_BN_Weights,
    VGG13_Weights as VGG13_Weights, VGG16_BN_Weights as VGG16_BN_Weights, VGG16_Weights as VGG16_Weights, VGG19_BN_Weights as VGG19_BN_Weights,
    VGG19_Weights as VGG19_Weights, vgg11 as vgg11, vgg11_bn as vgg11_bn, vgg13 as vgg13, vgg13_bn as vgg13_bn, vgg16 as vgg16,
    vgg16_bn as vgg16_bn, vgg19 as vgg19, vgg19_bn as vgg19_bn,
)
from corelib.vision.models.vision_transformer import (
    ViT_B_16_Weights as ViT_B_16_Weights, ViT_B_32_Weights as ViT_B_32_Weights, ViT_H_14_Weights as ViT_H_14_Weights,
    ViT_L_16_Weights as ViT_L_16_Weights, ViT_L_32_Weights as ViT_L_32_Weights, VisionTransformer as VisionTransformer, vit_b_16 as vit_b_16,
    vit_b_32 as vit_b_32, vit_h_14 as vit_h_14, vit_l_16 as vit_l_16, vit_l_32 as vit_l_32,
)
from corelib.vision.models.swin_transformer import (
    SwinTransformer as SwinTransformer, Swin_B_Weights as Swin_B_Weights, Swin_S_Weights as Swin_S_Weights, Swin_T_Weights as Swin_T_Weights,
    Swin_V2_B_Weights as Swin_V2_B_Weights, Swin_V2_S_Weights as Swin_V2_S_Weights, Swin_V2_T_Weights as Swin_V2_T_Weights, swin_b as swin_b,
    swin_s as swin_s, swin_t as swin_t, swin_v2_b as swin_v2_b, swin_v2_s as swin_v2_s, swin_v2_t as swin_v2_t,
)
from corelib.vision.models.maxvit import MaxVit as MaxVit, MaxVit_T_Weights as MaxVit_T_Weights, maxvit_t as maxvit_t

from corelib.vision.models import segmentation as segmentation, video as video  # isort: skip  # made of those above
from corelib.vision.models._api import (
    Weights as Weights, WeightsEnum as WeightsEnum, get_model as get_model, get_model_builder as get_model_builder,
    get_model_weights as get_model_weights, get_weight as get_weight, list_models as list_models,
)
