"""CLIP's image encoder RN50 as published, narrow, on the weights of torchvision_models.py; attention by torch's own multi-head attention.

    python3 clip_resnet50.py > clip_resnet50.json

Written with Python 3.11.2 and torch 1.13.0 (Debian 12, CPU). Radford et al., ICML 2021, section 2.4, in torch.nn.functional calls and nothing of this
repository's, in float64.
"""
import json

import torch
import torch.nn.functional as F

from published import Parameters, answer, convolution, images, norm, trained


def bottleneck(p, name, x, planes, stride):
    y = F.relu(norm(p, name + ".bn1", convolution(p, name + ".conv1", x, planes, 1)))
    y = F.relu(norm(p, name + ".bn2", convolution(p, name + ".conv2", y, planes, 3)))
    y = norm(p, name + ".bn3", convolution(p, name + ".conv3", F.avg_pool2d(y, stride), 4 * planes, 1))
    if stride > 1 or x.shape[1] != 4 * planes:
        x = norm(p, name + ".downsample.1", convolution(p, name + ".downsample.0", F.avg_pool2d(x, stride), 4 * planes, 1))
    return F.relu(x + y)


def features(p, x, width):
    x = F.relu(norm(p, "bn1", convolution(p, "conv1", x, width // 2, 3, stride=2)))
    x = F.relu(norm(p, "bn2", convolution(p, "conv2", x, width // 2, 3)))
    x = F.relu(norm(p, "bn3", convolution(p, "conv3", x, width, 3)))
    x = F.avg_pool2d(x, 2)
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            x = bottleneck(p, f"layer{stage + 1}.{block}", x, width << stage, 2 if stage > 0 and block == 0 else 1)
    return x


def attention(p, x, outputs):
    batch, channels, height, width = x.shape
    tokens = x.flatten(2).permute(2, 0, 1)
    tokens = torch.cat([tokens.mean(0, keepdim=True), tokens]) + p("attnpool.positional_embedding", height * width + 1, channels)[:, None]
    q, k, v = (p(f"attnpool.{name}_proj.weight", channels, channels) for name in "qkv")
    biases = torch.cat([p(f"attnpool.{name}_proj.bias", channels) for name in "qkv"])
    pooled, _ = F.multi_head_attention_forward(
        tokens[:1], tokens, tokens, channels, channels // 64, None, biases, None, None, False, 0.0,
        p("attnpool.c_proj.weight", outputs, channels), p("attnpool.c_proj.bias", outputs), training=False, need_weights=False,
        use_separate_proj_weight=True, q_proj_weight=q, k_proj_weight=k, v_proj_weight=v)
    return pooled[0]


def case(width, resolution, embedding):
    p, pictures = Parameters(), images(2, 3, resolution, resolution)
    average = answer(lambda pictures: features(p, pictures, width).mean((2, 3)), pictures)
    embeddings = answer(lambda pictures: attention(p, features(p, pictures, width), embedding), pictures)
    return {"Width": width, "InputResolution": resolution, "EmbeddingSize": embedding, "parameters": trained(p.shapes), "keys": p.shapes, "average": average, "attention": embeddings}


def published():
    """The sizes of the published network: 224 pixels, width 64, embeddings of 1024. Only its shapes are kept."""
    p = Parameters()
    attention(p, features(p, torch.zeros(1, 3, 224, 224).double(), 64), 1024)
    return {"parameters": trained(p.shapes), "tensors": len(p.shapes)}


with torch.no_grad():
    print(json.dumps({"torch": torch.__version__, "published": published(), "narrow": case(8, 96, 24)}))
