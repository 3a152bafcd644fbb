"""CPU time of a 12-megapixel selfie through the engine, beside the plain chain of the same packages."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks.context import Context, ratio_row, spread_row
from benchmarks.page import BenchError
from benchmarks.photo import pictures, selfie
from evaluation.plots import drawing
from evaluation.report import Section
from evaluation.worker import Answer, Worker

SAME, EVERYTHING = 0.15, 0.25
PLAIN = "plain chain: Pillow, MTCNN, eager FaceNet and ResNet34"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def run(context: Context) -> Section:
    """Rounds of plain, same and everything in turn; the ratio of each round."""
    ours = Worker("benchmarks.our_chain", patience=300)
    theirs = Worker("benchmarks.plain_chain", patience=300, environment=ONE_THREAD)
    try:
        photo = usable_photo(ours, context)
        size = photo.stat().st_size / 1e6
        for _ in range(2):
            theirs.ask(str(photo))
            ours.ask(f"same {photo}")
            ours.ask(f"all {photo}")
        plain: list[Answer] = []
        same: list[Answer] = []
        everything: list[Answer] = []
        for _ in range(context.rounds):
            plain.append(theirs.ask(str(photo)))
            same.append(ours.ask(f"same {photo}"))
            everything.append(ours.ask(f"all {photo}"))
    finally:
        ours.stop()
        theirs.stop()
    if not all(answer["found"] for answer in plain) or not all(answer["complete"] for answer in everything):
        raise BenchError("a chain did not find the face, so it did not do the whole work")
    times = {name: [float(answer["cpu_ms"]) for answer in found] for name, found in (("plain", plain), ("same", same), ("all", everything))}
    rows = (
        ratio_row("CPU for the same work: decode, detect, two embeddings", times["same"], times["plain"], PLAIN, SAME),
        ratio_row("CPU for everything that `engine analyse` does", times["all"], times["plain"], PLAIN, EVERYTHING),
        spread_row("CPU of the same work", times["same"], "ms", None, times["plain"], PLAIN),
        spread_row("CPU of everything", times["all"], "ms", None, times["plain"], PLAIN),
        spread_row("CPU of decoding", parts(same, "decode"), "ms", None, parts(plain, "decode"), "Pillow in full"),
        spread_row("CPU of detecting", parts(same, "detect"), "ms", None, parts(plain, "detect"), "MTCNN, its defaults"),
        spread_row("CPU of the face embedding", parts(same, "face"), "ms", None, parts(plain, "face"), "eager InceptionResnetV1"),
        spread_row("CPU of the fashion embedding", parts(same, "fashion"), "ms", None, parts(plain, "fashion"), "eager ResNet34"),
    )
    draw(context, same, everything, plain)
    note = f"A generated photo of 3000 × 4000 pixels, {size:.1f} MB; one process each, asked in turn. torch with one thread."
    return Section("selfie", "A selfie", rows, ("selfie.png",), (note,))


def usable_photo(ours: Worker, context: Context) -> Path:
    """A generated selfie with which the engine finds nothing wrong, so that it is read to the end.

    Raises:
        BenchError: the engine objects to all of them.

    """
    problems = []
    for picture in pictures(context.settings.engine.pack):
        path = context.work / f"{picture.stem}.jpg"
        path.write_bytes(selfie(picture))
        answer = ours.ask(f"all {path}")
        if answer["problem"] is None:
            return path
        problems.append(str(answer["problem"]))
    raise BenchError(f"the engine finds something wrong with every generated selfie: {', '.join(problems)}")


def one_photo(context: Context) -> bytes:
    """The bytes of a usable photo, found by a worker of its own; see `usable_photo`."""
    worker = Worker("benchmarks.our_chain", patience=300)
    try:
        return usable_photo(worker, context).read_bytes()
    finally:
        worker.stop()


def parts(answers: list[Answer], name: str) -> list[float]:
    """CPU milliseconds of one part."""
    return [float(answer["parts"][name]) for answer in answers]


def draw(context: Context, same: list[Answer], everything: list[Answer], plain: list[Answer]) -> None:
    """Stacked bars of the parts."""
    with drawing(context.results / "selfie.png", "CPU of a selfie", "", "milliseconds") as axes:
        for at, (label, found) in enumerate((("plain chain", plain), ("same work", same))):
            bottom = 0.0
            for index, name in enumerate(("decode", "detect", "face", "fashion")):
                height = statistics.median(parts(found, name))
                axes.bar(at, height, bottom=bottom, color=f"C{index}", label=name if at == 0 else None)
                bottom += height
            axes.text(at, bottom, f"{label}\n{bottom:.0f} ms", ha="center", va="bottom", fontsize="small")
        total = statistics.median(float(answer["cpu_ms"]) for answer in everything)
        axes.bar(2, total, color="C4", label="everything")
        axes.text(2, total, f"everything\n{total:.0f} ms", ha="center", va="bottom", fontsize="small")
        axes.set_xticks([])
        axes.margins(y=0.2)
