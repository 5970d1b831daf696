"""What torchvision makes of pieces of a picture: prints resized_crop.json. Debian 12: python3-torchvision 0.14.1, torch 1.13.

python3 resized_crop.py > resized_crop.json
"""
import json
import torch
import torchvision.transforms.functional as F

HEIGHT, WIDTH = 13, 17


def picture():
    """[1, 13, 17]: (7 y² + 13 x + 31 x y + 5) mod 256."""
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    return ((7 * y * y + 13 * x + 31 * x * y + 5) % 256)[None]


image = picture()
scaled = image.float() / 255
cases = []
# Enlarged: plain bilinear interpolation. Shrunk: with the filter that Pillow has as well.
for (top, left, height, width), size, antialias in [
    ((0, 0, 13, 17), (13, 17), False), ((2, 3, 6, 5), (9, 8), False), ((4, 0, 1, 1), (3, 4), False), ((0, 9, 13, 8), (20, 11), False),
    ((0, 0, 13, 17), (6, 5), True), ((1, 2, 11, 14), (4, 14), True), ((3, 3, 9, 2), (2, 7), True),
]:
    result = F.resized_crop(scaled, top, left, height, width, list(size), antialias=antialias)
    cases.append({"box": [top, left, height, width], "size": size, "values": [round(v, 7) for v in result.flatten().tolist()]})

middles = []
for side, size in [(9, (9, 9)), (9, (6, 10)), (20, (15, 21)), (13, (20, 12)), (5, (5, 6))]:
    result = F.center_crop(F.resize(scaled, side, antialias=True), list(size))
    middles.append({"side": side, "size": size, "values": [round(v, 7) for v in result.flatten().tolist()]})

masks = []
for size in [(6, 8), (13, 17), (19, 34), (26, 9)]:
    result = torch.nn.functional.interpolate(image[None].float(), size=size, mode="nearest-exact")
    masks.append({"size": size, "values": result.flatten().int().tolist()})

print(json.dumps({"crops": cases, "middles": middles, "masks": masks}))
