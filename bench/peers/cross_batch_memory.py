"""A step with the CrossBatchMemory of pytorch-metric-learning, full, and without it, as bench/memory_point.ts takes ours.

Prints one line of JSON: python3 cross_batch_memory.py --loss contrastive --entries far --size 50000 --batch 64
"""

import argparse
import json
import math
import statistics
import time
from importlib.metadata import version

import torch
from point import ResidentPeak
from pytorch_metric_learning.losses import ContrastiveLoss, CrossBatchMemory, MultiSimilarityLoss, TripletMarginLoss
from residual import DIM, Residual

LOSSES = {"contrastive": ContrastiveLoss, "multiSimilarity": MultiSimilarityLoss, "triplet": TripletMarginLoss}
SIDE, PER_CLASS, CLASSES = 32, 4, 500
TIMED_MS, MOST_STEPS, WARM_UPS = 2000, 40, 3


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--loss", choices=LOSSES, required=True)
    parser.add_argument("--entries", choices=["far", "near"], required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--steps", type=int, default=5)
    return parser.parse_args()


def filled(loss, options, encoder, images):
    """A memory that is full of random entries: around zero, or around what the encoder gives."""
    memory = CrossBatchMemory(loss, embedding_size=DIM, memory_size=options.size)
    if options.entries == "near":
        with torch.no_grad():
            entries = encoder(images).mean(0) + 0.02 * torch.randn(options.size, DIM)
    else:
        entries = torch.randn(options.size, DIM) / math.sqrt(DIM)
    memory.embedding_memory = entries
    memory.label_memory = torch.randint(0, CLASSES, (options.size,))
    memory.has_been_filled = True
    return memory


def main():
    options = read_options()
    torch.manual_seed(0)
    # The faster of the two layouts.
    encoder = Residual().to(memory_format=torch.channels_last)

    def take(loss, images):
        labels = torch.arange(len(images)) // PER_CLASS
        start = time.perf_counter()
        encoder.zero_grad(set_to_none=True)
        value = loss(encoder(images), labels)
        value.backward()
        value.item()
        return 1000 * (time.perf_counter() - start)

    plain = LOSSES[options.loss]()
    # Threads, compiled kernels and the like belong to the base.
    take(plain, torch.rand(2 * PER_CLASS, 3, SIDE, SIDE))
    encoder.zero_grad(set_to_none=True)
    images = torch.rand(options.batch, 3, SIDE, SIDE)
    losses = [plain, filled(LOSSES[options.loss](), options, encoder, images)]
    resident, above = ResidentPeak(), []
    try:
        for loss in losses:
            for _ in range(WARM_UPS):
                take(loss, images)
            above.append(resident.above())
    finally:
        resident.stop()
    times, start = [[], []], time.perf_counter()
    while len(times[0]) < options.steps or (
        len(times[0]) < MOST_STEPS and 1000 * (time.perf_counter() - start) < TIMED_MS
    ):
        for taken, loss in zip(times, losses):
            taken.append(take(loss, images))
    point = {
        "loss": options.loss,
        "entries": options.entries,
        "size": options.size,
        "batch": options.batch,
        "parameters": sum(parameter.numel() for parameter in encoder.parameters()),
        "plainMs": statistics.median(times[0]),
        "ms": statistics.median(times[1]),
        "plainRssAboveBase": above[0],
        "rssAboveBase": above[1],
        "torch": torch.__version__,
        "library": version("pytorch-metric-learning"),
        "threads": torch.get_num_threads(),
        "mkl": torch.backends.mkl.is_available(),
    }
    print(json.dumps(point))


main()
