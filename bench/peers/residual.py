"""The residual encoder of encoders/residual.ts in PyTorch, with as many parameters."""

import torch.nn.functional as F
from torch import nn

DIM, FILTERS, GROUPS = 128, (32, 64, 128), 8


def norm(channels):
    return nn.GroupNorm(GROUPS, channels)


def convolution(inputs, outputs, size=3, stride=1):
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)


class Block(nn.Module):
    """x + F(x), with F twice a group norm, a rectifier and a convolution of 3 by 3."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.norms = nn.ModuleList([norm(inputs), norm(outputs)])
        self.convolutions = nn.ModuleList([convolution(inputs, outputs, stride=stride), convolution(outputs, outputs)])
        plain = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if plain else convolution(inputs, outputs, 1, stride)

    def forward(self, x):
        y = x
        for norm, convolution in zip(self.norms, self.convolutions):
            y = convolution(F.relu(norm(y), inplace=True))
        return self.shortcut(x) + y


class Residual(nn.Module):
    """Images `[examples, 3, height, width]` to rows of length 1."""

    def __init__(self):
        super().__init__()
        stages = [convolution(3, FILTERS[0], stride=2), Block(FILTERS[0], FILTERS[0], 1)]
        stages += [Block(inputs, outputs, 2) for inputs, outputs in zip(FILTERS, FILTERS[1:])]
        self.body = nn.Sequential(*stages, norm(FILTERS[-1]), nn.ReLU(inplace=True))
        self.output = nn.Linear(FILTERS[-1], DIM)

    def forward(self, images):
        return F.normalize(self.output(self.body(images).mean((2, 3))), dim=1)
