"""Measures one step in PyTorch, as bench/point.ts does with ours, and prints it as one line of JSON."""

import argparse
import json
import os
import statistics
import threading
import time

import torch

MOST_STEPS = 9
TIMED_MS = 1000


def read_options(methods, encoders):
    parser = argparse.ArgumentParser()
    parser.add_argument("--encoder", choices=encoders, required=True)
    parser.add_argument("--method", choices=methods, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--chunk", type=int, default=0)
    parser.add_argument("--steps", type=int, default=3)
    return parser.parse_args()


class ResidentPeak:
    """The most memory that was resident since it began, seen by a thread that looks every millisecond."""

    def __init__(self):
        self.page = os.sysconf("SC_PAGE_SIZE")
        self.base = self.peak = self.now()
        self.stopped = False
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def now(self):
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * self.page

    def watch(self):
        while not self.stopped:
            self.peak = max(self.peak, self.now())
            time.sleep(0.001)

    def stop(self):
        """Ends the thread; returns the peak above the memory at the beginning."""
        self.stopped = True
        self.thread.join()
        return self.above()

    def above(self):
        """The peak so far above the memory at the beginning."""
        return max(self.peak, self.now()) - self.base


def measure(options, encoder, draw, step):
    """Takes steps over `draw(examples)` for both inputs and prints what they took."""

    def take(inputs):
        start = time.perf_counter()
        encoder.zero_grad(set_to_none=True)
        step(encoder, inputs, options.chunk or options.batch).item()
        return 1000 * (time.perf_counter() - start)

    # Threads, compiled kernels and the like belong to the base.
    take([draw(2), draw(2)])
    encoder.zero_grad(set_to_none=True)
    inputs = [draw(options.batch), draw(options.batch)]
    resident = ResidentPeak()
    take(inputs)
    above = resident.stop()
    times = []
    while len(times) < options.steps or (len(times) < MOST_STEPS and sum(times) < TIMED_MS):
        times.append(take(inputs))
    point = {
        "encoder": options.encoder,
        "method": options.method,
        "batch": options.batch,
        "chunk": options.chunk or options.batch,
        "parameters": sum(parameter.numel() for parameter in encoder.parameters()),
        "rssAboveBase": above,
        "ms": statistics.median(times),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "mkl": torch.backends.mkl.is_available(),
    }
    print(json.dumps(point))
