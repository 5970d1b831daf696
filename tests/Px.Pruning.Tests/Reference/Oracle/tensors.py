"""Weights, buffers and images that Python and C# produce bit for bit alike.

A tensor is named. FNV-1a (64 bits) of its name in UTF-8, plus seed * 0x9E3779B97F4A7C15, is the state of a splitmix64
generator; every draw gives u = (draw >> 11) * 2^-53 in [0, 1), the element is low + (high - low) * u, rounded once to
float32. Integers, one multiplication, one addition and one rounding: nothing a platform could do differently. As every
number is a float32, one golden file serves float64 and float32 models alike.
DeterministicTensors.cs is the same in C#.
"""
import numpy as np
import torch

WORD = 0xFFFFFFFFFFFFFFFF
GOLDEN_GAMMA = 0x9E3779B97F4A7C15


def fnv1a(name):
    value = 0xCBF29CE484222325
    for byte in name.encode("utf-8"):
        value = ((value ^ byte) * 0x100000001B3) & WORD
    return value


def uniform(name, shape, low, high, seed):
    count = int(np.prod(shape, dtype=np.int64))
    first = (fnv1a(name) + seed * GOLDEN_GAMMA) & WORD
    with np.errstate(over="ignore"):
        # Draw i (from 0) of splitmix64 mixes the state first + (i + 1) * GOLDEN_GAMMA, modulo 2^64.
        z = np.uint64(first) + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(GOLDEN_GAMMA)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(11)).astype(np.float64) * 2.0 ** -53
    return torch.from_numpy((low + (high - low) * u).astype(np.float32).astype(np.float64)).reshape(tuple(shape))


def images(count, shape, seed):
    return uniform("images", (count, *shape), -2.0, 2.0, seed)


def labels(count, classes):
    return torch.tensor([(7 * n + 3) % classes for n in range(count)])


def label_maps(count, height, width, classes):
    return torch.tensor([[[(7 * n + 3 * y + 5 * x + n * y) % classes for x in range(width)] for y in range(height)] for n in range(count)])
