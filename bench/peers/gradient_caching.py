"""Gradient caching in PyTorch, with the encoders, shapes, loss and chunks of bench/cases.ts.

Each chunk of a batch is encoded without a graph, the loss over the whole batch gives each representation its gradient,
and each chunk is encoded again with a graph to pull that gradient back. `full` keeps the whole batch in one graph.

python3 gradient_caching.py --encoder transformer --method cached --batch 512 --chunk 64
"""

import torch
import torch.nn.functional as F
from encoders import ENCODERS
from point import measure, read_options

TEMPERATURE = 0.05


def info_nce(anchors, references):
    return F.cross_entropy(anchors @ references.T / TEMPERATURE, torch.arange(len(anchors)))


def encode(encoder, tensors):
    return F.normalize(encoder(*tensors), dim=1)


def full_step(encoder, inputs, _chunk):
    loss = info_nce(*[encode(encoder, tensors) for tensors in inputs])
    loss.backward()
    return loss


def cached_step(encoder, inputs, chunk):
    # Chunks are views of the batch.
    chunked = [list(zip(*[tensor.split(chunk) for tensor in tensors])) for tensors in inputs]
    with torch.inference_mode():
        parts = [[encode(encoder, tensors) for tensors in chunks] for chunks in chunked]
    # Joined outside, so that the rows may take part in a graph.
    cached = [torch.cat(matrices).requires_grad_() for matrices in parts]
    loss = info_nce(*cached)
    loss.backward()
    for chunks, matrix in zip(chunked, cached):
        for tensors, cotangent in zip(chunks, matrix.grad.split(chunk)):
            encode(encoder, tensors).backward(cotangent)
    return loss.detach()


def main():
    options = read_options(["full", "cached"], ENCODERS)
    torch.manual_seed(0)
    make, draw = ENCODERS[options.encoder]
    measure(options, make(), draw, {"full": full_step, "cached": cached_step}[options.method])


main()
