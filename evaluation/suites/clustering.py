"""Types of people, made in every way that was thought of, beside each other; what several photos of a person and newcomers do to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from engine.training import clusters
from engine.training.clusters import Matrix, Stability
from engine.training.methods import SphericalPca
from engine.training.origins import REGIONS
from engine.training.tradeoff import tradeoff
from evaluation.compared import SERVED, Between, Compared, Group, between, compare, means_of_photos, ways
from evaluation.context import Context
from evaluation.material import Material, Table, gather
from evaluation.partitions import Kept, kept
from evaluation.plots import drawing
from evaluation.report import Row, Section

SEED = 20261121
KS = (2, 3, 4, 5, 6, 7, 8)
BOUNDS = {"face": (4, 6), "fashion": (5, 7)}
"""Between what K is chosen, as the starter types are."""
DIMS = 8
LEAST_MEMBERS = 8
SAMPLES = 12
ALIKE = 0.6
AVERAGED = (1, 2, 3, 5)
OVER = 35
"""Years above which a person counts as older."""


def run(context: Context) -> Section:
    """All groups, all ways."""
    return report(context, groups_of(gather(context)))


def report(context: Context, groups: Sequence[Group]) -> Section:
    """The section for groups that are at hand."""
    tried = {group.name: sweep(group) for group in groups}
    trade = {group.name: [tradeoff(projected(group), k, SEED) for k in KS] for group in groups}
    chosen = {name: pick(name, rows) for name, rows in tried.items()}
    compared = {
        group.name: {
            name: compare(group, feature, make, SAMPLES, SEED) for name, (feature, make) in ways(group, chosen[group.name].k, DIMS).items()
        }
        for group in groups
    }
    since = {group.name: between(group, chosen[group.name].k, DIMS, SEED) for group in groups}
    photos = averaged([group for group in groups if group.photos], {name: one.k for name, one in chosen.items()})
    rows = [row for group in groups for row in rows_of(group.name, chosen[group.name], compared[group.name], since[group.name])]
    rows += [
        Row(
            f"faces: usual type kept, mean of {many} photos" if many > 1 else "faces: usual type kept, single photos",
            one.usual,
            one.people,
            baseline=None if many == 1 else photos[1].usual,
            baseline_name="" if many == 1 else "single photos",
            note=f"two photos alike {one.same:.2f}, by chance {one.chance:.2f}, corrected {one.corrected:.2f}",
        )
        for many, one in photos.items()
    ]
    draw(context, tried, trade, compared, photos)
    notes = [table_of(name, of_group) for name, of_group in compared.items()]
    notes.append(table_of_ks(tried, trade))
    return Section("clustering", "Types: ways to make them", tuple(rows), PLOTS, (*notes, EXPLAINED))


PLOTS = ("clustering_k.png", "clustering_methods.png", "clustering_photos.png")
EXPLAINED = (
    f"Bootstrap: {SAMPLES} samples, types learned from each, given to everybody. Faces are learned from generated portraits, clothes from "
    "those and street photos; `kept` is over several photos of other, well-known people: share of a person's photos with their usual "
    "type, and in brackets the agreement of two photos corrected for chance. V: association with what types should not be about "
    "(Cramér, bias-corrected). ms: one newcomer, features known. Newcomers: types of 60 % of the people, the others one by one, against "
    "training again."
)


def groups_of(material: Material) -> list[Group]:
    """The four groups."""
    found = []
    for gender in ("man", "woman"):
        for kind, table in (("face", material.faces), ("fashion", material.dressed)):
            own = np.asarray(table["gender"] == gender)
            photos = np.asarray(material.photos["gender"] == gender)
            names = ("embedding", "pixels", "outline", "geometry") if kind == "face" else ("embedding", "pixels")
            found.append(
                Group(
                    f"{gender}_{kind}",
                    {name: rows(table[name][own], length_one=name == "embedding") for name in names},
                    clusters.unit(np.asarray(table["views"][own], dtype=np.float64)),
                    removed(table, kind),
                    nuisances(table, own, kind),
                    {name: rows(material.photos[name][photos], length_one=name == "embedding") for name in names} if kind == "face" else {},
                    [str(one) for one in material.photos["person"][photos]] if kind == "face" else [],
                )
            )
    return found


def rows(values: NDArray[np.generic], *, length_one: bool) -> Matrix:
    """As float64, embeddings of length 1."""
    plain = np.asarray(values, dtype=np.float64)
    return clusters.unit(plain) if length_one else plain


def removed(table: Table, kind: str) -> Matrix:
    """The starter's removal, over both genders, each about its own mean: age, origin and skin out of faces, the source out of clothes."""
    x = rows(table["embedding"], length_one=True)
    if kind == "face":
        origin = np.stack([np.asarray(table["origin"] == region, dtype=np.float64) for region in REGIONS[:-1]], axis=1)
        out = np.column_stack([np.asarray(table["age"], dtype=np.float64), np.asarray(table["skin"], dtype=np.float64), origin])
    else:
        out = np.asarray(table["source"] == "street", dtype=np.float64)[:, None]
    women = np.asarray(table["gender"] == "woman")
    for values in (x, out):
        for part in (women, ~women):
            values[part] -= values[part].mean(axis=0)
    return clusters.without(x, out)


def nuisances(table: Table, own: NDArray[np.bool_], kind: str) -> dict[str, list[str]]:
    """Words for age, light, and where a person or a photo is from."""
    light = np.asarray(table["light"][own], dtype=np.float64)
    thirds = np.searchsorted(np.quantile(light, [1 / 3, 2 / 3]), light)
    where = "origin" if kind == "face" else "source"
    return {
        "age": ["over" if age > OVER else "under" for age in np.asarray(table["age"][own], dtype=np.float64)],
        "light": [str(one) for one in thirds],
        where: [str(one) for one in table[where][own]],
    }


def sweep(group: Group) -> list[Stability]:
    """The figures of each number of types."""
    views = clusters.farther(group.features["embedding"], group.views, ALIKE) if group.photos else group.views
    return [clusters.stability(group.features["embedding"], views, k, DIMS, group.removed, SEED, SAMPLES) for k in KS]


def pick(name: str, tried: Sequence[Stability]) -> Stability:
    """K within its bounds."""
    low, high = BOUNDS[name.split("_")[1]]
    return clusters.choose([one for one in tried if low <= one.k <= high], LEAST_MEMBERS)


def projected(group: Group) -> Matrix:
    """The people where types are made."""
    x = group.features["embedding"]
    return clusters.components(x, DIMS, group.removed).apply(x)


def averaged(groups: Sequence[Group], ks: Mapping[str, int]) -> dict[int, Kept]:
    """Types of the mean of several photos, over both genders."""
    found = {}
    for many in AVERAGED:
        each = []
        for group in groups:
            method = SphericalPca(ks[group.name], DIMS, SEED, group.removed, outliers=0).fit(group.features["embedding"])
            vectors, whose = means_of_photos(group.photos["embedding"], group.person, many, SEED)
            each.append(kept(whose, method.predict(vectors)))
        if each:
            people = [one.people for one in each]
            mixed = {name: float(np.average([asdict(one)[name] for one in each], weights=people)) for name in MIXED}
            found[many] = Kept(mixed["usual"], mixed["same"], mixed["chance"], mixed["none"], sum(people))
    return found


MIXED = ("usual", "same", "chance", "none")


def rows_of(name: str, chosen: Stability, compared: Mapping[str, Compared], since: Between) -> list[Row]:
    """The served way's figures beside the paper's, and newcomers."""
    served = compared[SERVED]
    paper = next(one for way, one in compared.items() if way.startswith("paper 000"))
    n = sum(1 for _ in compared)
    found = [
        Row(f"{name}: K chosen", chosen.k, n, note=f"Jaccard of the least steady type {chosen.jaccard_least:.2f}"),
        Row(f"{name}: bootstrap Rand index", served.rand, SAMPLES, baseline=paper.rand, baseline_name="paper 000"),
        Row(f"{name}: bootstrap Jaccard", served.jaccard, SAMPLES, baseline=paper.jaccard, baseline_name="paper 000"),
        Row(
            f"{name}: share without a type",
            served.none,
            SAMPLES,
            better="lower",
            baseline=compared["HDBSCAN after PCA"].none,
            baseline_name="HDBSCAN",
        ),
        Row(f"{name}: one newcomer", served.ms, 1, unit="ms", better="lower", baseline=paper.ms, baseline_name="paper 000"),
        Row(
            f"{name}: newcomers by the leader rule as after training again (Rand index)",
            since.rule,
            5,
            baseline=since.seeds,
            baseline_name="training twice",
            note=f"always the nearest type {since.nearest:.2f}; {since.opened} types opened for {since.strangers:.1%} of the newcomers",
        ),
    ]
    if served.kept is not None and paper.kept is not None:
        found.append(
            Row(
                f"{name}: photos of a person agree, corrected for chance",
                served.kept.corrected,
                served.kept.people,
                baseline=paper.kept.corrected,
                baseline_name="paper 000",
            )
        )
    return found


def table_of(name: str, compared: Mapping[str, Compared]) -> str:
    """All ways on one group, as a Markdown table."""
    nuisances_ = list(next(iter(compared.values())).nuisance)
    head = ["types", "largest", "none", "Rand", "Jaccard", "silhouette", "kept", *(f"V {one}" for one in nuisances_), "ms"]
    lines = [f"| {name} | {' | '.join(head)} |", "|---" * (len(head) + 1) + "|"]
    for way, one in compared.items():
        silhouette = "–" if one.silhouette is None else f"{one.silhouette:.2f}"
        photos = "–" if one.kept is None else f"{one.kept.usual:.2f} ({one.kept.corrected:.2f})"
        between_ = [f"{one.nuisance[what]:.2f}" if what in one.nuisance else "–" for what in nuisances_]
        cells = [
            f"{one.types}",
            f"{one.largest:.0%}",
            f"{one.none:.0%}",
            f"{one.rand:.2f}",
            f"{one.jaccard:.2f}",
            silhouette,
            photos,
            *between_,
            f"{one.ms:.2f}",
        ]
        lines.append(f"| {way} | {' | '.join(cells)} |")
    return "\n".join(lines)


def table_of_ks(tried: Mapping[str, Sequence[Stability]], trade: Mapping[str, Sequence[float]]) -> str:
    """Rand index / Jaccard / agreement of altered pictures / trade-off for each number of types."""
    lines = [f"| Rand / Jaccard / agreement / trade-off | {' | '.join(f'K = {k}' for k in KS)} |", "|---" * (len(KS) + 1) + "|"]
    for name, found in tried.items():
        cells = [
            f"{one.rand:.2f} / {one.jaccard:.2f} / {one.agreement:.2f} / {value:.2f}" for one, value in zip(found, trade[name], strict=True)
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(
    context: Context,
    tried: Mapping[str, Sequence[Stability]],
    trade: Mapping[str, Sequence[float]],
    compared: Mapping[str, Mapping[str, Compared]],
    photos: Mapping[int, Kept],
) -> None:
    """Stability by K, ways by stability, photos by how many are averaged."""
    with drawing(context.results / PLOTS[0], "How many types?", "number of types", "Rand index (—), Jaccard (--), trade-off (··)") as axes:
        for number, (name, found) in enumerate(tried.items()):
            colour = f"C{number}"
            axes.plot(KS, [one.rand for one in found], color=colour, label=name, marker="o")
            axes.plot(KS, [one.jaccard for one in found], color=colour, linestyle="--")
            axes.plot(KS, trade[name], color=colour, linestyle=":")
    every = list(dict.fromkeys(way for of_group in compared.values() for way in of_group))
    with drawing(context.results / PLOTS[1], "Are the same types found again?", "bootstrap Rand index", "") as axes:
        for number, (name, of_group) in enumerate(compared.items()):
            height = 0.8 / len(compared)
            down = [every.index(way) + (number - (len(compared) - 1) / 2) * height for way in of_group]
            axes.barh(down, [one.rand for one in of_group.values()], height, label=name)
        axes.set_yticks(range(len(every)), every)
        axes.invert_yaxis()
    with drawing(context.results / PLOTS[2], "Does a person keep their face type?", "photos whose vectors are averaged", "share") as axes:
        axes.plot(list(photos), [one.usual for one in photos.values()], marker="o", label="usual type")
        axes.plot(list(photos), [one.same for one in photos.values()], marker="o", label="two means alike")
        axes.plot(list(photos), [one.chance for one in photos.values()], linestyle="--", color="grey", label="two people alike")
        axes.set_ylim(0, 1)
