"""What libtorch's operators cost here, in milliseconds: where README.md says the time goes. One thread unless told otherwise: operators.py [THREADS]."""
import sys
import time

import torch
import torch.nn.functional as F

from network import CifarResNet, norm_layers

RUNS = 15


def median_ms(run, runs=RUNS):
    run()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * sorted(times)[runs // 2]


def channels_last(x):
    return x.to(memory_format=torch.channels_last)


def weights(model):
    return [p for p in model.parameters() if p.dim() > 1]


def forward(model, x, training):
    model.train(training)
    with torch.no_grad():
        model(x)


def gradient(model, x, training):
    model.train(training)
    torch.autograd.grad(model(x).sum(), weights(model))


def without_parameters(norm):
    norm.forward = lambda x: F.batch_norm(x, None, None, training=True)


def over_rows(norm):
    def forward(x):
        pixels = x.permute(0, 2, 3, 1)
        return F.batch_norm(pixels.reshape(-1, x.size(1)), None, None, training=True).reshape(pixels.shape).permute(0, 3, 1, 2).clone()
    norm.forward = forward


def hessian_product(model, x, labels):
    model.train(True)
    gradients = torch.autograd.grad(F.cross_entropy(model(x), labels), weights(model), create_graph=True)
    torch.autograd.grad(sum((g * g.detach()).sum() for g in gradients), weights(model))


def with_norms(change):
    model = CifarResNet()
    for norm in norm_layers(model):
        change(norm)
    return model


def layouts(model):
    x, labels = torch.randn(128, 3, 32, 32), torch.arange(128) % 10
    last = channels_last(x)
    print(f"\n{'ResNet-20, 128 images':48}{'usual':>9}{'channels last':>15}")
    for name, run, runs in (
            ("forward, batch statistics (f)", lambda x: forward(model, x, True), RUNS),
            ("forward, running statistics", lambda x: forward(model, x, False), RUNS),
            ("forward and backward, batch statistics", lambda x: gradient(model, x, True), RUNS),
            ("Hessian product, batch statistics", lambda x: hessian_product(model, x, labels), 5),
            ("the same without γ and β", lambda x: hessian_product(with_norms(without_parameters), x, labels), 5),
            ("and with a row for each pixel", lambda x: hessian_product(with_norms(over_rows), x, labels), 5)):
        print(f"{name:48}{median_ms(lambda: run(x), runs):9.1f}{median_ms(lambda: run(last), runs):15.1f}")


def gates():
    y = channels_last(torch.randn(128, 16, 32, 32)).relu()
    as_bool, as_bytes = y.gt(0), y.to(torch.bool).to(torch.uint8)
    print("\na feature map of 8 MiB (128 x 16 x 32 x 32)")
    for name, run in (("y.relu()", y.relu), ("y > 0", lambda: y.gt(0)), ("y.to(bool).to(uint8), y from a ReLU", lambda: y.to(torch.bool).to(torch.uint8)),
                      ("y * bool", lambda: y * as_bool), ("y * uint8", lambda: y * as_bytes)):
        print(f"{name:48}{median_ms(run):9.2f}")


def one_sample(model):
    print("\nResNet-20, one sample, forward and backward")
    for dtype in (torch.float32, torch.float64):
        model.to(dtype)
        x = torch.ones(1, 3, 32, 32, dtype=dtype)
        print(f"{str(dtype):48}{median_ms(lambda: gradient(model, x, False)):9.1f}")


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    torch.manual_seed(1)
    network = CifarResNet()
    layouts(network)
    gates()
    one_sample(network)
