"""CifarResNet in PyTorch, with the masked layers of the SynFlow lineage: weight * mask in every forward pass."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedConv2d(nn.Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, bias=False, **kwargs)
        self.register_buffer("weight_mask", torch.ones(self.weight.shape))

    def forward(self, x):
        return F.conv2d(x, self.weight * self.weight_mask, None, self.stride, self.padding)


class MaskedLinear(nn.Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.register_buffer("weight_mask", torch.ones(self.weight.shape))

    def forward(self, x):
        return F.linear(x, self.weight * self.weight_mask, self.bias)


class Activation(nn.Module):
    """ReLU, until a method that looks at activations puts another function in its place."""

    def __init__(self):
        super().__init__()
        self.function = F.relu

    def forward(self, x):
        return self.function(x)


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv1 = MaskedConv2d(inputs, outputs, 3, stride=stride, padding=1)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu1 = Activation()
        self.conv2 = MaskedConv2d(outputs, outputs, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu2 = Activation()
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut = nn.Sequential(MaskedConv2d(inputs, outputs, 1, stride=stride), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu2(y + self.shortcut(x))


class CifarResNet(nn.Module):
    def __init__(self, depth=20, width=16, classes=10):
        super().__init__()
        blocks = (depth - 2) // 6
        self.conv1 = MaskedConv2d(3, width, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = Activation()
        self.layer1 = self.stage(width, width, blocks)
        self.layer2 = self.stage(width, 2 * width, blocks)
        self.layer3 = self.stage(2 * width, 4 * width, blocks)
        self.linear = MaskedLinear(4 * width, classes)

    @staticmethod
    def stage(inputs, outputs, blocks):
        return nn.Sequential(*[BasicBlock(inputs if i == 0 else outputs, outputs) for i in range(blocks)])

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(F.adaptive_avg_pool2d(x, 1).flatten(1))


def masked_layers(model):
    """In the order of the state dict, which is the order of the scores."""
    return [module for module in model.modules() if isinstance(module, (MaskedConv2d, MaskedLinear))]


def norm_layers(model):
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


def activations(model):
    return [module for module in model.modules() if isinstance(module, Activation)]
