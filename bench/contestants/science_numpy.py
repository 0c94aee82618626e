"""python bench/contestants/science_numpy.py: numpy as a contestant for the science figures. Questions and answers are JSON lines.

{"figure": NAME} -> {"ms": ms, "cpu": ms of processor time}, on random data of the figure's size. `usual` is each figure as
one would write it in numpy, in matrix products and solves; `same` is the algorithm of src/math and src/direction in numpy.
"""

import json
import sys
import time

import numpy as np

ROWS, SOURCE, TARGET, FOLDS = 512, 3072, 2304, 5
LAMBDAS = 10.0 ** np.arange(-4, 3)
LAYERS, PROMPTS, WIDTH, SWAPS = 32, 250, 2048, 1000
CLUSTERS, SAMPLES, ARMS, DRAWS = 54, 4, 30, 10_000

rng = np.random.default_rng(0)


def prepare(rows):
    centred = rows - rows.mean(0)
    return centred / np.linalg.norm(centred, axis=1).mean()


def folds_of(n):
    order = rng.permutation(n)
    return [(np.setdiff1d(order, order[fold::FOLDS]), order[fold::FOLDS]) for fold in range(FOLDS)]


def ridge_usual(x, y, u):
    """A solve for all outputs for each fold and lambda."""
    x, y = prepare(x.astype(np.float64)), prepare(y.astype(np.float64))
    scores = np.zeros(len(LAMBDAS))
    for train, held in folds_of(len(x)):
        xm, ym = x[train].mean(0), y[train].mean(0)
        xt, yt, xh, yh = x[train] - xm, y[train] - ym, x[held] - xm, y[held]
        kernel, cross = xt @ xt.T, xh @ xt.T
        spread = ((yh - yh.mean(0)) ** 2).sum()
        for i, lambda0 in enumerate(LAMBDAS):
            lam = lambda0 * np.trace(kernel) / len(train)
            predicted = cross @ np.linalg.solve(kernel + lam * np.eye(len(train)), yt) + ym
            scores[i] += 1 - ((yh - predicted) ** 2).sum() / spread
    return carry(x, y, u, LAMBDAS[scores.argmax()])


def carry(x, y, u, lambda0):
    kernel = x @ x.T
    lam = lambda0 * np.trace(kernel) / len(x)
    return y.T @ np.linalg.solve(kernel + lam * np.eye(len(x)), x @ u)


def ridge_same(x, y, u):
    """R2 from two Gram matrices: outputs are never predicted."""
    x, y = prepare(x.astype(np.float64)), prepare(y.astype(np.float64))
    inputs, outputs = x @ x.T, y @ y.T
    scores = np.zeros(len(LAMBDAS))
    for train, held in folds_of(len(x)):
        kernel, cross = centre(inputs, train, held)
        answers, answers_cross = centre(outputs, train, held)
        g = outputs[np.ix_(held, held)]
        own = np.trace(g) - 2 * outputs[np.ix_(held, train)].mean(1).sum() + len(held) * outputs[np.ix_(train, train)].mean()
        spread = np.trace(g) - g.sum() / len(held)
        for i, lambda0 in enumerate(LAMBDAS):
            lam = lambda0 * np.trace(kernel) / len(train)
            weights = np.linalg.solve(kernel + lam * np.eye(len(train)), cross.T).T
            error = own - 2 * (weights * answers_cross).sum() + ((weights.T @ weights) * answers).sum()
            scores[i] += 1 - error / spread
    return carry(x, y, u, LAMBDAS[scores.argmax()])


def centre(gram, train, held):
    own, cross = gram[np.ix_(train, train)], gram[np.ix_(held, train)]
    mean = own.mean(0)
    return own - mean - mean[:, None] + mean.mean(), cross - cross.mean(1)[:, None] - mean + mean.mean()


def labels_and_folds():
    half = PROMPTS // 2
    labels = np.r_[np.ones(half), -np.ones(half)]
    fold = np.r_[rng.permutation(half), rng.permutation(half)] % FOLDS
    swapped = [labels]
    for _ in range(SWAPS):
        other = labels.copy()
        for f in range(FOLDS):
            members = np.flatnonzero(fold == f)
            other[members] = rng.permutation(labels[members])
        swapped.append(other)
    return np.array(swapped), fold


def sweep_usual(states):
    """Means of every swap as one matrix product for each layer and fold."""
    labels, fold = labels_and_folds()
    accuracy = np.zeros((LAYERS, SWAPS + 1))
    for layer, rows in enumerate(states):
        for f in range(FOLDS):
            train, held = fold != f, fold == f
            signs = labels[:, train]
            up, down = (signs > 0).astype(np.float32), (signs < 0).astype(np.float32)
            p = up @ rows[train] / up.sum(1)[:, None]
            q = down @ rows[train] / down.sum(1)[:, None]
            threshold = ((p**2).sum(1) - (q**2).sum(1)) / 2
            decisions = (p - q) @ rows[held].T - threshold[:, None]
            accuracy[layer] += (decisions * labels[:, held] > 0).sum(1)
    return accuracy / PROMPTS


def sweep_same(states):
    """The same decisions from one Gram matrix a layer."""
    labels, fold = labels_and_folds()
    positive = labels > 0
    accuracy = np.zeros((LAYERS, SWAPS + 1))
    for layer, rows in enumerate(states):
        centred = rows.astype(np.float64) - rows.mean(0)
        gram = centred @ centred.T
        for f in range(FOLDS):
            train, held = fold != f, fold == f
            up = (positive & train).astype(np.float64)
            down = (~positive & train).astype(np.float64)
            p, q = up @ gram / up.sum(1)[:, None], down @ gram / down.sum(1)[:, None]
            threshold = ((p * up).sum(1) / up.sum(1) - (q * down).sum(1) / down.sum(1)) / 2
            decisions = (p - q)[:, held] - threshold[:, None]
            accuracy[layer] += (decisions * labels[:, held] > 0).sum(1)
    return accuracy / PROMPTS


def bootstrap(values):
    """[prompt][sample][arm] to intervals of 29 differences from the first arm."""
    means = values.mean(1)
    counts = rng.multinomial(CLUSTERS, np.full(CLUSTERS, 1 / CLUSTERS), size=DRAWS)
    drawn = counts @ means / CLUSTERS
    return np.quantile(drawn[:, :1] - drawn[:, 1:], [0.025, 0.975], axis=0)


def main() -> None:
    def normal(*shape):
        return rng.standard_normal(shape, dtype=np.float32)

    x, y, u = normal(ROWS, SOURCE), normal(ROWS, TARGET), normal(SOURCE)
    states, values = normal(LAYERS, PROMPTS, WIDTH), normal(CLUSTERS, SAMPLES, ARMS)
    figures = {
        "ridge usual": lambda: ridge_usual(x, y, u),
        "ridge same": lambda: ridge_same(x, y, u),
        "sweep usual": lambda: sweep_usual(states),
        "sweep same": lambda: sweep_same(states),
        "bootstrap": lambda: bootstrap(values),
    }
    print(json.dumps({"version": f"numpy {np.__version__}"}), flush=True)
    for line in sys.stdin:
        figure = figures[json.loads(line)["figure"]]
        begin, used = time.perf_counter(), time.process_time()
        figure()
        times = {"ms": time.perf_counter() - begin, "cpu": time.process_time() - used}
        print(json.dumps({name: 1000 * value for name, value in times.items()}), flush=True)


if __name__ == "__main__":
    main()
