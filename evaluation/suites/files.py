"""Every picture in every folder of the data: no crash, and which problems are given."""

from __future__ import annotations

from collections import Counter

from evaluation.context import Context
from evaluation.report import Row, Section

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".heic"}


def run(context: Context) -> Section:
    """Crashes in all, then a table of the problems of each folder."""
    folders = sorted(path for path in context.data.iterdir() if path.is_dir()) if context.data.is_dir() else []
    counts: dict[str, Counter[str]] = {}
    crashes: list[str] = []
    times: list[float] = []
    for folder in folders:
        # Masks and mattes are pictures of shapes, not photos.
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and not {"masks", "alpha"} & set(path.parts))
        seen = context.look(files[:: context.every], folder.name)
        counts[folder.name] = Counter(one.problem or "usable" for one in seen)
        crashes += [f"{path.name}: {one.crash}" for path, one in zip(files[:: context.every], seen, strict=True) if one.crash]
        times += [one.took_ms for one in seen]
    if not counts:
        return Section("files", "Every file of the data", skipped=f"no folders in {context.data}")
    total = sum(sum(counter.values()) for counter in counts.values())
    found = [Row("photos on which the engine crashed", len(crashes), total, better="lower", bound=0)]
    if times:
        times.sort()
        found.append(
            Row(
                "median time of an analysis",
                times[len(times) // 2],
                len(times),
                "ms",
                "lower",
                interval=(times[0], times[-1]),
                note="two at a time, interval: shortest and longest; `make bench` measures speed properly",
            )
        )
    codes = sorted({code for counter in counts.values() for code in counter}, key=lambda code: (code != "usable", code))
    lines = ["| folder | " + " | ".join(codes) + " |", "|---" * (len(codes) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(str(counter[code]) for code in codes) + " |" for name, counter in counts.items()]
    return Section("files", "Every file of the data", tuple(found), (), ("\n".join(lines), *crashes[:20]))
