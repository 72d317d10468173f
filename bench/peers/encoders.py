"""The encoders of bench/cases.ts in PyTorch, with as many parameters, and random examples for them."""

import torch
import torch.nn.functional as F
from torch import nn

VOCABULARY, LENGTH, WIDTH, HEADS, LAYERS, HIDDEN = 5000, 32, 128, 4, 2, 512
SIDE = 28


class Layer(nn.Module):
    """Attention and a hidden layer, each with the norm before it."""

    def __init__(self):
        super().__init__()
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.projection = nn.Linear(WIDTH, 3 * WIDTH)
        self.output = nn.Linear(WIDTH, WIDTH)
        self.mlp_norm = nn.LayerNorm(WIDTH)
        self.hidden = nn.Linear(WIDTH, HIDDEN)
        self.mlp_output = nn.Linear(HIDDEN, WIDTH)

    def forward(self, x, visible):
        examples, length, _ = x.shape
        heads = self.projection(self.attention_norm(x)).view(examples, length, 3, HEADS, WIDTH // HEADS)
        queries, keys, values = heads.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(queries, keys, values, attn_mask=visible)
        x = x + self.output(attended.transpose(1, 2).reshape(examples, length, WIDTH))
        return x + self.mlp_output(F.gelu(self.hidden(self.mlp_norm(x))))


class Transformer(nn.Module):
    """Texts as token ids and a mask, `[examples, length]` each, to the mean over tokens."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Parameter(torch.randn(LENGTH, WIDTH) / WIDTH**0.5)
        self.layers = nn.ModuleList([Layer() for _ in range(LAYERS)])
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, ids, mask):
        x = self.table(ids) + self.positions
        visible = mask[:, None, None, :] > 0
        for layer in self.layers:
            x = layer(x, visible)
        weights = mask / mask.sum(1, keepdim=True)
        return torch.bmm(weights[:, None], self.norm(x)).squeeze(1)


def convolutional():
    """Images `[examples, 1, 28, 28]`: two convolutions of 3 by 3 with group norm, rectifier and pooling."""
    stages, channels = [], 1
    for filters in (32, 64):
        stages += [nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.GroupNorm(8, filters)]
        stages += [nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        channels = filters
    output = nn.Linear(SIDE // 4 * (SIDE // 4) * channels, WIDTH)
    # The faster of the two layouts, in chunks of 64 as well as whole.
    return nn.Sequential(*stages, nn.Flatten(), output).to(memory_format=torch.channels_last)


def mlp():
    """Rows of 784 numbers through two hidden layers of 1024."""
    hidden = [nn.Linear(SIDE * SIDE, 1024), nn.ReLU(inplace=True), nn.Linear(1024, 1024), nn.ReLU(inplace=True)]
    return nn.Sequential(*hidden, nn.Linear(1024, WIDTH))


def texts(examples):
    return [torch.randint(0, VOCABULARY, (examples, LENGTH)), torch.ones(examples, LENGTH)]


def images(examples):
    return [torch.rand(examples, 1, SIDE, SIDE)]


def rows(examples):
    return [torch.rand(examples, SIDE * SIDE)]


ENCODERS = {"transformer": (Transformer, texts), "convolutional": (convolutional, images), "mlp": (mlp, rows)}
