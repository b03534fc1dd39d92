"""Models of videos (N, 3, T, H, W), which were trained on Kinetics-400."""

from corelib.vision.models.video.resnet import (
    MC3_18_Weights as MC3_18_Weights, R2Plus1D_18_Weights as R2Plus1D_18_Weights, R3D_18_Weights as R3D_18_Weights, VideoResNet as VideoResNet,
    mc3_18 as mc3_18, r2plus1d_18 as r2plus1d_18, r3d_18 as r3d_18,
)  # fmt: skip
from corelib.vision.models.video.s3d import S3D as S3D, S3D_Weights as S3D_Weights, s3d as s3d
