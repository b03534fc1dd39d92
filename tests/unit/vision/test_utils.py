"""Grids and drawings: a few values by hand, and what is refused."""

import corelib as torch
import corelib.vision as vision
import pytest

utils = vision.utils


def test_a_grid_has_lines_between_its_pictures():
    grid = utils.make_grid(torch.arange(1.0, 4.0).view(3, 1, 1, 1), nrow=2, padding=1, pad_value=9)
    assert grid[0].tolist() == [[9, 9, 9, 9, 9], [9, 1, 9, 2, 9], [9, 9, 9, 9, 9], [9, 3, 9, 9, 9], [9, 9, 9, 9, 9]]
    assert utils.make_grid(torch.tensor([[0.0, 2.0]]), normalize=True)[0].tolist() == [[0.0, 1.0]]


def test_a_mask_is_mixed_with_the_picture_and_two_are_black():
    image = torch.full((3, 1, 3), 100, dtype=torch.uint8)
    masks = torch.tensor([[[True, True, False]], [[False, True, False]]])
    drawn = utils.draw_segmentation_masks(image, masks, alpha=0.5, colors=["white", "red"])
    assert drawn[0].tolist() == [[177, 50, 100]]


def test_directions_are_hues():
    flow = torch.tensor([[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]]).view(2, 1, 3)
    assert utils.flow_to_image(flow)[:, 0].T.tolist() == [[255, 0, 0], [0, 209, 255], [255, 255, 255]]


def test_key_points_and_lines_are_drawn():
    points = torch.tensor([[[1.0, 1.0], [6.0, 1.0]]])
    drawn = utils.draw_keypoints(torch.zeros(3, 4, 9, dtype=torch.uint8), points, [(0, 1)], colors="red", radius=1, width=1)
    assert drawn[:, 1, 4].tolist() == [255, 255, 255] and drawn[:, 2, 1].tolist() == [255, 0, 0] and int(drawn[:, 3].sum()) == 0


def test_what_is_refused_names_the_function_and_what_it_got():
    image = torch.zeros(3, 4, 4)
    with pytest.raises(ValueError, match=r"draw_bounding_boxes\(\): Boxes need to be in \(xmin, ymin, xmax, ymax\)"):
        utils.draw_bounding_boxes(image, torch.tensor([[3, 0, 0, 3]]))
    with pytest.raises(ValueError, match=r"draw_keypoints\(\): keypoints must be of shape \(num_instances, K, 2\), got \(2, 2\)"):
        utils.draw_keypoints(image, torch.zeros(2, 2))
    with pytest.raises(TypeError, match=r"make_grid\(\): tensor or list of tensors expected"):
        utils.make_grid(3)
