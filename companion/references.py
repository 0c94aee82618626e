"""python -m companion.references: writes test/math/reference.json, what numpy, scipy and scikit-learn say of small random data.

The tests of src/math and src/direction hold their own results against these. Inputs are in the file, so that nothing
depends on how a library draws random numbers.
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.covariance import ledoit_wolf
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score

OUT = Path(__file__).parents[1] / "test" / "math" / "reference.json"


def rounded(value):
    """Lists of numbers with the digits of a float32 input, or of a double result."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return float(value) if isinstance(value, np.floating) else value


def inputs(rng, *shape):
    """Normal numbers with four decimals: short in the file, and exact in it."""
    return np.round(rng.standard_normal(shape), 4)


def statistics(rng) -> dict:
    a, b = np.round(rng.standard_normal(23) + 0.7, 1), np.round(rng.standard_normal(17), 1)
    x, y = np.round(rng.standard_normal(15), 1), np.round(rng.standard_normal(15), 1)
    labels = np.r_[np.ones(len(a)), np.zeros(len(b))]
    pooled = ((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(a) + len(b) - 2)
    shares = [0.0, 0.025, 0.3, 0.5, 0.975, 1.0]
    trials = [[0, 20], [9, 10], [37, 54], [250, 250]]
    p = [0.01, 0.04, 0.03, 0.005, 0.04]
    return {
        "a": a,
        "b": b,
        "x": x,
        "y": y,
        "auroc": roc_auc_score(labels, np.r_[a, b]),
        "cohenD": (a.mean() - b.mean()) / np.sqrt(pooled),
        "variance": a.var(ddof=1),
        "shares": shares,
        "quantiles": np.quantile(a, shares),
        "ranks": stats.rankdata(x),
        "spearman": stats.spearmanr(x, y).statistic,
        "trials": trials,
        "wilson": [list(stats.binomtest(k, n).proportion_ci(method="wilson")) for k, n in trials],
        "p": p,
        "holm": holm(np.array(p)),
    }


def holm(p: np.ndarray) -> np.ndarray:
    """By its definition: no library here has it."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    return np.minimum(1, stepped)[np.argsort(order)]


def linear_algebra(rng) -> dict:
    rows = inputs(rng, 9, 13)
    centred = rows - rows.mean(0)
    _, values, components = np.linalg.svd(centred, full_matrices=False)
    gram = rows @ rows.T
    right = inputs(rng, 3, 9)
    return {
        "rows": rows,
        "gram": gram,
        "right": right,
        "cholesky": np.linalg.cholesky(gram + 0.5 * np.eye(9)),
        "solved": np.linalg.solve(gram + 0.5 * np.eye(9), right.T).T,
        "variances": (values**2)[:4],
        "components": components[:4],
    }


def ridge(rng) -> dict:
    """R2 of the folds and the map itself, by scikit-learn's Ridge on the primal problem."""
    n, folds, lambdas = 30, 5, [1e-2, 1e-1, 1.0, 10.0]
    x, y = inputs(rng, n, 12), inputs(rng, n, 7)
    y[:, :4] = np.round(y[:, :4] + x[:, :4], 4)
    direction = inputs(rng, 12)
    order = rng.permutation(n)
    curve = []
    for lambda0 in lambdas:
        scores = []
        for fold in range(folds):
            held = order[fold::folds]
            train = np.setdiff1d(order, held)
            centred = x[train] - x[train].mean(0)
            model = Ridge(alpha=lambda0 * np.trace(centred @ centred.T) / len(train), solver="cholesky").fit(x[train], y[train])
            scores.append(r2_score(y[held], model.predict(x[held]), multioutput="variance_weighted"))
        curve.append(np.mean(scores))
    best = lambdas[int(np.argmax(curve))]
    centred = x - x.mean(0)
    model = Ridge(alpha=best * np.trace(centred @ centred.T) / n, solver="cholesky").fit(x, y)
    fresh = inputs(rng, 5, 12)
    return {
        "x": x,
        "y": y,
        "order": order,
        "lambdas": lambdas,
        "curve": curve,
        "best": best,
        "direction": direction,
        "carried": model.coef_ @ direction,
        "fresh": fresh,
        "images": model.predict(fresh),
    }


def directions(rng) -> dict:
    """What each method finds in 12 pairs of width 20, as unit vectors with the positive side higher."""
    n, width = 12, 20
    negative = inputs(rng, n, width)
    positive = np.round(negative + 0.8 * inputs(rng, n, width) + np.r_[1.5, -1, np.zeros(width - 2)], 4)
    rows, labels = np.r_[positive, negative], np.r_[np.ones(n), -np.ones(n)]
    difference = positive.mean(0) - negative.mean(0)

    def unit(vector):
        return np.sign(vector @ difference) * vector / np.linalg.norm(vector)

    within = np.r_[positive - positive.mean(0), negative - negative.mean(0)]
    covariance, shrinkage = ledoit_wolf(within, assume_centered=True)
    centred = rows - rows.mean(0)
    penalty = 0.1 * (centred**2).sum() / len(rows)
    probe = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=10_000).fit(rows, labels)
    return {
        "positive": positive,
        "negative": negative,
        "difference-in-means": unit(difference),
        "pca-paired": unit(np.linalg.svd(positive - negative)[2][0]),
        "pca-pooled": unit(np.linalg.svd(centred)[2][0]),
        "linear-discriminant": unit(np.linalg.solve(covariance, difference)),
        "shrinkage": shrinkage,
        "penalty": penalty,
        "probe": probe.coef_[0],
        "bias": probe.intercept_[0],
    }


def transfers(rng) -> dict:
    """An additive fit to the 12 cells off the diagonal of a 4 x 4 table, by least squares with effects that add up to 0."""
    table = inputs(rng, 4, 4)
    cells = [(s, t) for s in range(4) for t in range(4) if s != t]
    design = np.zeros((len(cells) + 2, 9))
    for row, (s, t) in enumerate(cells):
        design[row, [0, 1 + s, 5 + t]] = 1
    design[-2, 1:5] = design[-1, 5:9] = 1
    target = np.r_[[table[cell] for cell in cells], 0, 0]
    fit = np.linalg.lstsq(design, target, rcond=None)[0]
    return {"table": table, "mean": fit[0], "sending": fit[1:5], "receiving": fit[5:]}


def main() -> None:
    rng = np.random.default_rng(0)
    parts = {
        "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "sklearn": sklearn.__version__},
        "statistics": statistics(rng),
        "algebra": linear_algebra(rng),
        "ridge": ridge(rng),
        "directions": directions(rng),
        "transfers": transfers(rng),
    }
    OUT.write_text(json.dumps(rounded(parts)) + "\n")


if __name__ == "__main__":
    main()
