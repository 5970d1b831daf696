"""The first images of a shuffled epoch, from the published SplitMix64 and Fisher-Yates. Python 3.11, no packages.

    python3 shuffle.py > shuffle.txt
"""
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

SEED, EPOCH, ORDER, COUNT = 42, 3, 0, 300
stream = EPOCH << 1 | ORDER
numbers = SplitMix64(SplitMix64(SEED ^ SplitMix64(stream).next()).next())
order = list(range(COUNT))
for i in range(COUNT - 1, 0, -1):
    j = ((numbers.next() >> 32) * (i + 1)) >> 32
    order[i], order[j] = order[j], order[i]
print(*[i % 256 for i in order[:12]], end="")
