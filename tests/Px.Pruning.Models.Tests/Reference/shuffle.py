"""The first images of a shuffled epoch, from the published SplitMix64 and Fisher-Yates, and where they are cropped. Python 3.11, no packages.

    python3 shuffle.py > shuffle.txt
    python3 shuffle.py crops > crops.txt
"""
import sys

MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self, state):
        self.state = state & MASK

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)


# The generator's own test vector (seed 1234567), from its reference implementation.
assert [SplitMix64(1234567).next()] == [6457827717110365317]

SEED, EPOCH, COUNT, PADDING = 42, 3, 300, 4
ORDER, AUGMENTATION = 0, 1


def sequence(purpose):
    return SplitMix64(SplitMix64(SEED ^ SplitMix64(EPOCH << 1 | purpose).next()).next())


def below(numbers, bound):
    return ((numbers.next() >> 32) * bound) >> 32


if sys.argv[1:] == ["crops"]:
    # Down, right, flip of each image in turn.
    numbers = sequence(AUGMENTATION)
    for _ in range(12):
        print(below(numbers, 2 * PADDING + 1) - PADDING, below(numbers, 2 * PADDING + 1) - PADDING, below(numbers, 2))
else:
    numbers = sequence(ORDER)
    order = list(range(COUNT))
    for i in range(COUNT - 1, 0, -1):
        j = below(numbers, i + 1)
        order[i], order[j] = order[j], order[i]
    print(*[i % 256 for i in order[:12]], end="")
