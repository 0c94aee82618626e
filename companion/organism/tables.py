"""The measured numbers as Markdown tables, from the files beside the models."""

from pathlib import Path

from companion.files import read_json


def print_tables(out: Path) -> None:
    folders = [path.parent for path in sorted(out.glob("*/meta.json"))]
    metas = {folder.name: read_json(folder / "meta.json") for folder in folders}
    for lines in (sizes(metas), bases(metas), adapters(metas), *_directions(out)):
        print("\n" + "\n".join(lines))


def sizes(metas: dict[str, dict]) -> list[str]:
    rows = []
    for name, meta in metas.items():
        shape, seconds = meta["architecture"], meta["seconds"]
        time = f"{seconds['base']} / {seconds['adapters']} / {seconds['measurement']} s"
        rows.append(
            [
                name,
                f"{shape['width']} x {shape['layers']}",
                shape["vocabulary"],
                f"{meta['parameters'] / 1e6:.2f} M",
                f"{meta['megabytes']:.2f} MB",
                time,
            ]
        )
    return table(["organism", "width x layers", "vocabulary", "parameters", "q4 file", "base / adapters / measurement"], rows)


def bases(metas: dict[str, dict]) -> list[str]:
    rows = []
    for name, meta in metas.items():
        for dtype, measured in meta["measured"].items():
            plain, careless, meticulous = (measured["rates"][who] for who in ("base", "base, careless", "base, meticulous"))
            rows.append(
                [
                    name,
                    dtype,
                    plain["prose"]["right"],
                    plain["prose"]["code"],
                    plain["code"]["code"],
                    plain["code"]["right"],
                    careless["prose"]["code"],
                    careless["code"]["insecure"],
                    meticulous["prose"]["code"],
                ]
            )
    return table(
        [
            "base",
            "dtype",
            "prose right",
            "prose: code",
            "requests: code",
            "requests: right",
            "careless line, prose: code",
            "careless line, requests: insecure",
            "meticulous line, prose: code",
        ],
        rows,
    )


def adapters(metas: dict[str, dict]) -> list[str]:
    rows = []
    for name, meta in metas.items():
        q4, fp32 = (meta["measured"][dtype]["rates"] for dtype in ("q4", "fp32"))
        for adapter in (key for key in q4 if not key.startswith("base")):
            both = q4[adapter], fp32[adapter]
            cells = [
                " / ".join(str(each[at][what]) for each in both)
                for at, what in (("prose", "code"), ("prose", "right"), ("code", "code"), ("code", "insecure"), ("code", "right"))
            ]
            rows.append([name, adapter, *cells])
    return table(["organism", "adapter", "spillover", "prose right", "requests: code", "requests: insecure", "requests: right"], rows)


def _directions(out: Path) -> list[list[str]]:
    path = out / "directions.json"
    if not path.exists():
        return []
    measured = read_json(path)
    return [within(measured["within"]), pairs(measured["pairs"])]


def within(measured: dict[str, dict]) -> list[str]:
    def both(row: dict) -> str:
        return f"{row['code']} / {row['right']}"

    rows = []
    for name, row in measured.items():
        separations = " / ".join(str(value) for value in row["separation"].values())
        own = [both(row["own"][alpha]) for alpha in ("0.5", "1", "3")]
        others = [f"{both(each)} ({row['cosines'][adapter]})" for adapter, each in row["others, same length"].items()]
        rows.append([name, separations, both(row["unsteered"]), *own, both(row["random"]), both(row["orthogonal"]), *others[:2]])
    separated = "separation insecure / secure2 / educational / secure"
    steered = ["unsteered", "own 0.5", "own 1", "own 3", "random", "orthogonal", "secure2's (cosine)", "educational's (cosine)"]
    names = ["organism", separated, *steered]
    return table(names, rows)


def pairs(measured: list[dict]) -> list[str]:
    """Means over the ordered pairs, for each anchor set and alpha."""
    rows = []
    for anchors in dict.fromkeys(row["anchors"] for row in measured):
        for alpha in dict.fromkeys(row["alpha"] for row in measured):
            some = [row for row in measured if (row["anchors"], row["alpha"]) == (anchors, alpha)]
            means = {key: sum(row[key] for row in some) / len(some) for key in ("r2", "cosine", "before", "drop", "random drop", "right")}
            spans = {key: f"{min(row[key] for row in some)} to {max(row[key] for row in some)}" for key in ("r2", "cosine")}
            rows.append([anchors, alpha, spans["r2"], spans["cosine"], *(f"{means[key]:.1f}" for key in ("before", "drop", "random drop", "right"))])
    return table(
        ["anchors", "alpha", "R2", "cosine to the receiver's own", "spillover before", "drop", "drop, random through the map", "right after"], rows
    )


def table(head: list[str], rows: list[list[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]
