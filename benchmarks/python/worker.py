"""One side of the comparison. Usage: worker.py THREADS FOLDER DEPTH WIDTH; then, a line each:

run METHOD ROUNDS SPARSITY     prunes; answers the seconds from the start to the end of each round, and to the end
memory METHOD ROUNDS SPARSITY  prunes; answers the resident bytes before, and the most meanwhile
warm METHOD ROUNDS SPARSITY    prunes a tiny network; answers ok
"""
import gc
import sys
import time

import torch

import memory
from methods import METHODS
from problem import Problem


def prune(problem, method, rounds, sparsity):
    start = time.perf_counter()
    ends = []
    METHODS[method](problem.model, problem.batch, float(sparsity), int(rounds), lambda: ends.append(time.perf_counter() - start))
    ends.append(time.perf_counter() - start)
    return ends


def answer(problem, command, method, rounds, sparsity):
    if command == "warm":
        prune(Problem.tiny(), method, rounds, sparsity)
        return "ok"
    problem.reset()
    gc.collect()
    if command == "run":
        return " ".join(f"{end:.6f}" for end in prune(problem, method, rounds, sparsity))
    memory.reset_peak()
    before = memory.resident()
    prune(problem, method, rounds, sparsity)
    return f"{before} {memory.peak()}"


def main():
    threads, folder, depth, width = sys.argv[1:]
    torch.set_num_threads(int(threads))
    problem = Problem.load(folder, int(depth), int(width))
    print(f"ready {memory.library('libtorch_cpu')}", flush=True)
    for line in sys.stdin:
        print(answer(problem, *line.split()), flush=True)


main()
