"""torchvision's names: pictures read and written, transforms, data sets, models, and operators on boxes."""
