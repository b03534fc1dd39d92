"""torchvision.transforms.v2.functional: the second transforms as functions of an image, a video, a mask, boxes or points."""

from corelib.vision.transforms._conversion import pil_to_tensor as pil_to_tensor, to_pil_image as to_pil_image
from corelib.vision.transforms._interpolation import InterpolationMode as InterpolationMode
from corelib.vision.transforms.v2.functional._canvas import (
    affine_bounding_boxes as affine_bounding_boxes, affine_keypoints as affine_keypoints, center_crop_bounding_boxes as center_crop_bounding_boxes,
    center_crop_keypoints as center_crop_keypoints, crop_bounding_boxes as crop_bounding_boxes, crop_keypoints as crop_keypoints,
    elastic_bounding_boxes as elastic_bounding_boxes, elastic_keypoints as elastic_keypoints,
    horizontal_flip_bounding_boxes as horizontal_flip_bounding_boxes, horizontal_flip_keypoints as horizontal_flip_keypoints,
    pad_bounding_boxes as pad_bounding_boxes, pad_keypoints as pad_keypoints, perspective_bounding_boxes as perspective_bounding_boxes,
    perspective_keypoints as perspective_keypoints, resize_bounding_boxes as resize_bounding_boxes, resize_keypoints as resize_keypoints,
    resized_crop_bounding_boxes as resized_crop_bounding_boxes, resized_crop_keypoints as resized_crop_keypoints,
    rotate_bounding_boxes as rotate_bounding_boxes, rotate_keypoints as rotate_keypoints,
    vertical_flip_bounding_boxes as vertical_flip_bounding_boxes, vertical_flip_keypoints as vertical_flip_keypoints,
)  # fmt: skip
from corelib.vision.transforms.v2.functional._color import (
    adjust_brightness as adjust_brightness, adjust_brightness_image as adjust_brightness_image, adjust_brightness_video as adjust_brightness_video,
    adjust_contrast as adjust_contrast, adjust_contrast_image as adjust_contrast_image, adjust_contrast_video as adjust_contrast_video,
    adjust_gamma as adjust_gamma, adjust_gamma_image as adjust_gamma_image, adjust_gamma_video as adjust_gamma_video, adjust_hue as adjust_hue,
    adjust_hue_image as adjust_hue_image, adjust_hue_video as adjust_hue_video, adjust_saturation as adjust_saturation,
    adjust_saturation_image as adjust_saturation_image, adjust_saturation_video as adjust_saturation_video, adjust_sharpness as adjust_sharpness,
    adjust_sharpness_image as adjust_sharpness_image, adjust_sharpness_video as adjust_sharpness_video, autocontrast as autocontrast,
    autocontrast_image as autocontrast_image, autocontrast_video as autocontrast_video, convert_image_dtype as convert_image_dtype,
    equalize as equalize, equalize_image as equalize_image, equalize_video as equalize_video, erase as erase, erase_image as erase_image,
    erase_video as erase_video, gaussian_blur as gaussian_blur, gaussian_blur_image as gaussian_blur_image,
    gaussian_blur_video as gaussian_blur_video, gaussian_noise as gaussian_noise, gaussian_noise_image as gaussian_noise_image,
    gaussian_noise_video as gaussian_noise_video, grayscale_to_rgb as grayscale_to_rgb, grayscale_to_rgb_image as grayscale_to_rgb_image,
    invert as invert, invert_image as invert_image, invert_video as invert_video, jpeg as jpeg, jpeg_image as jpeg_image, jpeg_video as jpeg_video,
    normalize as normalize, normalize_image as normalize_image, normalize_video as normalize_video, permute_channels as permute_channels,
    permute_channels_image as permute_channels_image, permute_channels_video as permute_channels_video, posterize as posterize,
    posterize_image as posterize_image, posterize_video as posterize_video, rgb_to_grayscale as rgb_to_grayscale,
    rgb_to_grayscale_image as rgb_to_grayscale_image, solarize as solarize, solarize_image as solarize_image, solarize_video as solarize_video,
    to_dtype as to_dtype, to_dtype_image as to_dtype_image, to_dtype_video as to_dtype_video, to_grayscale as to_grayscale,
    uniform_temporal_subsample as uniform_temporal_subsample, uniform_temporal_subsample_video as uniform_temporal_subsample_video,
)  # fmt: skip
from corelib.vision.transforms.v2.functional._crops import (
    center_crop as center_crop, center_crop_image as center_crop_image, center_crop_mask as center_crop_mask,
    center_crop_video as center_crop_video, five_crop as five_crop, five_crop_image as five_crop_image, five_crop_video as five_crop_video,
    resized_crop as resized_crop, resized_crop_image as resized_crop_image, resized_crop_mask as resized_crop_mask,
    resized_crop_video as resized_crop_video, ten_crop as ten_crop, ten_crop_image as ten_crop_image, ten_crop_video as ten_crop_video,
)  # fmt: skip
from corelib.vision.transforms.v2.functional._formats import (
    clamp_bounding_boxes as clamp_bounding_boxes, clamp_keypoints as clamp_keypoints, convert_bounding_box_format as convert_bounding_box_format,
)  # fmt: skip
from corelib.vision.transforms.v2.functional._geometry import (
    affine as affine, affine_image as affine_image, affine_mask as affine_mask, affine_video as affine_video, crop as crop,
    crop_image as crop_image, crop_mask as crop_mask, crop_video as crop_video, elastic as elastic, elastic_image as elastic_image,
    elastic_mask as elastic_mask, elastic_transform as elastic_transform, elastic_video as elastic_video, hflip as hflip,
    horizontal_flip as horizontal_flip, horizontal_flip_image as horizontal_flip_image, horizontal_flip_mask as horizontal_flip_mask,
    horizontal_flip_video as horizontal_flip_video, pad as pad, pad_image as pad_image, pad_mask as pad_mask, pad_video as pad_video,
    perspective as perspective, perspective_image as perspective_image, perspective_mask as perspective_mask,
    perspective_video as perspective_video, resize as resize, resize_image as resize_image, resize_mask as resize_mask,
    resize_video as resize_video, rotate as rotate, rotate_image as rotate_image, rotate_mask as rotate_mask, rotate_video as rotate_video,
    vertical_flip as vertical_flip, vertical_flip_image as vertical_flip_image, vertical_flip_mask as vertical_flip_mask,
    vertical_flip_video as vertical_flip_video, vflip as vflip,
)  # fmt: skip
from corelib.vision.transforms.v2.functional._queries import (
    get_dimensions as get_dimensions, get_dimensions_image as get_dimensions_image, get_dimensions_video as get_dimensions_video,
    get_image_num_channels as get_image_num_channels, get_image_size as get_image_size, get_num_channels as get_num_channels,
    get_num_channels_image as get_num_channels_image, get_num_channels_video as get_num_channels_video, get_num_frames as get_num_frames,
    get_num_frames_video as get_num_frames_video, get_size as get_size, get_size_bounding_boxes as get_size_bounding_boxes,
    get_size_image as get_size_image, get_size_keypoints as get_size_keypoints, get_size_mask as get_size_mask, get_size_video as get_size_video,
    sanitize_bounding_boxes as sanitize_bounding_boxes, sanitize_keypoints as sanitize_keypoints, to_image as to_image, to_tensor as to_tensor,
)  # fmt: skip
from corelib.vision.transforms.v2.functional._registry import (
    functional as functional, is_pure_tensor as is_pure_tensor, register_kernel as register_kernel,
)  # fmt: skip
