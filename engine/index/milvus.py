"""The index in Milvus: milvus-lite in a file of this process, or a server by its address; the same answers as the embedded one.

Milvus filters by an expression and searches without approximation (FLAT, inner product, strong consistency).  What the expression
cannot say (distances on the sphere, bits) is fetched too much of and looked at here by the rules of the embedded index; more is
fetched until `k` of those that fit score above everything that was not fetched.  So the answer is exact, ties included.

The client is imported by `open`: who does not use Milvus needs none of it.
"""

from __future__ import annotations

import importlib
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.index.columns import VERIFIED, VERIFIED_ONLY, Columns, packed
from engine.index.rules import ANYWHERE, EARTH_KM, HALFWAY, Wanted, kilometres_needed
from engine.index.store import RECORD
from engine.index.values import Entry, Hit, IndexFault, Seeker, Vector, as_query, checked

NAME: Final = "inyeon_members"
STAMPS: Final = "inyeon_stamps"
MISSING: Final = (
    "index.backend is milvus, whose client is not installed: .venv/bin/pip install pymilvus milvus-lite (or index.backend=exact)"
)
MOST: Final = 16_384
"""Rows that a Milvus server returns for one search, at most."""
BATCH: Final = 500
"""Rows a call: a server takes 64 MB."""
FIELDS: Final = ("city", "latitude", "longitude", "born", "languages", "distance", "age_min", "age_max", "gender", "seeks", "flags")
NOWHERE: Final = 999.0
"""Latitude and longitude of those without coordinates, since Milvus takes no NaN."""
MARGIN: Final = 1e-6
"""Degrees by which a box is wider than its circle, against rounding."""
OUT: Final = 5_000
"""Excluded ids that an expression names; more are sorted out here."""
Rows = list[dict[str, Any]]
P = ParamSpec("P")
R = TypeVar("R")


def _plainly(function: Callable[Concatenate[MilvusIndex, P], R]) -> Callable[Concatenate[MilvusIndex, P], R]:
    """Milvus' errors as `IndexFault`, without the expression, which names people."""

    @wraps(function)
    def call(self: MilvusIndex, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(self, *args, **kwargs)
        except self.refusal as error:
            raise IndexFault(
                f"Milvus refused or cannot be reached (code {getattr(error, 'code', '?')}): look at index.uri and index.token"
            ) from None

    return call


class MilvusIndex:
    """See `engine.index.values.Index`; `open` connects."""

    def __init__(self, uri: str, token: str, dims: int) -> None:
        self.uri, self.dims = uri, dims
        self.refusal: type[Exception] = IndexFault
        self._token = token
        self._stamp = ""

    def open(self) -> MilvusIndex:
        """Connect and see that the collections are there.

        Raises:
            IndexFault: the client is not installed, or nobody answers.

        """
        try:
            self._milvus = importlib.import_module("pymilvus")
            if "://" not in self.uri:
                importlib.import_module("milvus_lite")
        except ImportError:
            raise IndexFault(MISSING) from None
        # Its client logs refused expressions, which hold ids and places.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        self.refusal = self._milvus.MilvusException
        if "://" not in self.uri:
            folder = Path(self.uri).parent
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        self._connect()
        return self

    @_plainly
    def _connect(self) -> None:
        self._client = self._milvus.MilvusClient(uri=self.uri, token=self._token)
        if self._client.has_collection(NAME):
            fields = {field["name"]: field for field in self._client.describe_collection(NAME)["fields"]}
            fits = int(fields["vector"]["params"]["dim"]) == self.dims and set(FIELDS) <= set(fields)
            if not fits:
                self._drop()
        if not (self._client.has_collection(NAME) and self._client.has_collection(STAMPS)):
            self._drop()
            self._create()
        self._client.load_collection(NAME)
        self._client.load_collection(STAMPS)
        found = self._client.query(STAMPS, filter="id == 1", output_fields=["stamp"], consistency_level="Strong")
        self._stamp = str(found[0]["stamp"]) if found else ""

    def _drop(self) -> None:
        for name in (NAME, STAMPS):
            if self._client.has_collection(name):
                self._client.drop_collection(name)

    def _create(self) -> None:
        kinds = self._milvus.DataType
        for name, dims in ((NAME, self.dims), (STAMPS, 2)):
            schema = self._milvus.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field("id", kinds.INT64, is_primary=True)
            schema.add_field("vector", kinds.FLOAT_VECTOR, dim=dims)
            if name == STAMPS:
                schema.add_field("stamp", kinds.VARCHAR, max_length=1024)
            else:
                for field in FIELDS:
                    schema.add_field(field, kinds.DOUBLE if RECORD[field].kind == "f" else kinds.INT64)
            index = self._milvus.MilvusClient.prepare_index_params()
            index.add_index("vector", index_type="FLAT", metric_type="IP")
            self._client.create_collection(name, schema=schema, index_params=index, consistency_level="Strong")

    @property
    def stamp(self) -> str:
        """What the last flush noted."""
        return self._stamp

    @_plainly
    def __len__(self) -> int:
        return self._counted("")

    @_plainly
    def upsert(self, entries: Sequence[Entry]) -> None:
        """Add or replace members."""
        entries = list({entry.id: entry for entry in entries}.values())
        vectors = checked(entries, self.dims)
        records = packed(entries)
        for name in ("latitude", "longitude"):
            records[name][np.isnan(records[name])] = NOWHERE
        columns = [records[name].tolist() for name in ("id", *FIELDS)]
        rows = [
            {"vector": vector, **dict(zip(("id", *FIELDS), values, strict=True))} for vector, *values in zip(vectors, *columns, strict=True)
        ]
        for start in range(0, len(rows), BATCH):
            self._client.upsert(NAME, rows[start : start + BATCH])

    @_plainly
    def delete(self, ids: Iterable[int]) -> None:
        """Forget members; the server frees their rows when it compacts."""
        gone = list(ids)
        for start in range(0, len(gone), MOST):
            self._client.delete(NAME, ids=gone[start : start + MOST])

    @_plainly
    def search(self, query: Vector, seeker: Seeker, k: int) -> list[Hit]:
        """The best `k`, exactly."""
        query = as_query(query, self.dims)
        where = expression(seeker)
        if where is None or k < 1:
            return []
        limit = min(MOST, max(64, 4 * k))
        while True:
            found = self._client.search(
                NAME, [query.tolist()], filter=where, limit=limit, output_fields=list(FIELDS), consistency_level="Strong"
            )[0]
            rows = [{"id": one["id"], **one["entity"]} for one in found]
            scores = np.array([one["distance"] for one in found], np.float32)
            fits = fitting(rows, seeker)
            if len(rows) == limit:
                # Whoever was not fetched scores at most as much as the last one: those who score more are proven.
                fits &= scores > scores.min()
            if len(rows) < limit or int(fits.sum()) >= k:
                return best(np.array([row["id"] for row in rows], np.int64)[fits], scores[fits], k)
            if limit == MOST:
                return self._walk(query, seeker, where, k)
            limit = min(MOST, 4 * limit)

    def _walk(self, query: Vector, seeker: Seeker, where: str, k: int) -> list[Hit]:
        """Score everybody whom the expression leaves here: for filters of which Milvus says too little."""
        ids, scores = np.empty(0, np.int64), np.empty(0, np.float32)
        for rows in self._pages(where, ["id", "vector", *FIELDS]):
            fits = fitting(rows, seeker)
            vectors = np.array([row["vector"] for row in rows], np.float32)[fits]
            ids = np.concatenate([ids, np.array([row["id"] for row in rows], np.int64)[fits]])
            scores = np.concatenate([scores, np.vecdot(vectors, query)])
        return best(ids, scores, k)

    @_plainly
    def count(self, seeker: Seeker) -> int:
        """How many the filters leave."""
        where = expression(seeker)
        return 0 if where is None else sum(int(fitting(rows, seeker).sum()) for rows in self._pages(where, ["id", *FIELDS]))

    def _pages(self, where: str, fields: list[str]) -> Iterable[Rows]:
        pages = self._client.query_iterator(NAME, batch_size=BATCH, filter=where, output_fields=fields, consistency_level="Strong")
        try:
            while rows := pages.next():
                yield rows
        finally:
            pages.close()

    def _counted(self, where: str) -> int:
        found = self._client.query(NAME, filter=where, output_fields=["count(*)"], consistency_level="Strong")
        return int(found[0]["count(*)"])

    @_plainly
    def clear(self) -> None:
        """Forget everybody."""
        self._drop()
        self._create()
        self._stamp = ""

    @_plainly
    def flush(self, stamp: str) -> None:
        """Milvus writes a log ahead of what it acknowledges, so only the stamp is left to do."""
        self._client.upsert(STAMPS, [{"id": 1, "vector": [1.0, 0.0], "stamp": stamp}])
        self._stamp = stamp

    def renew(self, key: bytes, stamp: str) -> None:
        """Milvus keeps its files in clear."""
        self.flush(stamp)

    def close(self) -> None:
        """Disconnect; milvus-lite ends with it and lets go of its files, which would stay open until the process ends."""
        if hasattr(self, "_client"):
            self._client.close()
            if "://" not in self.uri:
                importlib.import_module("milvus_lite.server_manager").server_manager_instance.release_server(self.uri)


def best(ids: NDArray[np.int64], scores: NDArray[np.float32], k: int) -> list[Hit]:
    """The `k` best by score, then id.

    >>> best(np.array([5, 3, 4]), np.array([1, 1, 2], np.float32), 2)
    [Hit(id=4, score=2.0), Hit(id=3, score=1.0)]
    """
    order = np.lexsort((ids, -scores))[:k]
    return [Hit(row_id, score) for row_id, score in zip(ids[order].tolist(), scores[order].tolist(), strict=True)]


def fitting(rows: Rows, seeker: Seeker) -> NDArray[np.bool_]:
    """(n,) which of the rows that an expression left fit in all."""
    wanted = Wanted.of(seeker)
    if not rows or wanted is None:
        return np.zeros(len(rows), bool)
    records = np.zeros(len(rows), RECORD)
    for name in ("id", *FIELDS):
        records[name] = [row[name] for row in rows]
    for name in ("latitude", "longitude"):
        records[name][records[name] == NOWHERE] = np.nan
    columns = Columns(records)
    places = columns.places
    needed = kilometres_needed(seeker, *(getattr(places, name)[: places.count] for name in ("latitude", "longitude", "city")))
    slots = columns.accept(np.arange(len(rows), dtype=np.int32), seeker, wanted.age, wanted.distance, needed)
    fits = np.zeros(len(rows), bool)
    fits[slots] = True
    return fits & ~np.isin(columns.id, [seeker.id, *seeker.exclude])


def expression(seeker: Seeker) -> str | None:
    """What Milvus can say of the filters; None: nobody fits.

    >>> print(expression(Seeker(7, 1, 2, 0, 18, 99, today=20000, languages=1, verified=True)))
    gender in [2] and seeks in [1, 3, 5, 7] and born >= -719162 and born <= 13425 and age_min <= 54 and age_max >= 54 and id not in [7] \
and distance == 65535
    """
    wanted = Wanted.of(seeker)
    if wanted is None:
        return None
    genders = [bit for bit in (1, 2, 4) if bit & seeker.seeks]
    seeks = [bits for bits in range(1, 8) if bits & seeker.gender]
    parts = [f"gender in {genders}", f"seeks in {seeks}", f"born >= {wanted.born_first}", f"born <= {wanted.born_last}"]
    parts += [f"age_min <= {wanted.age}", f"age_max >= {wanted.age}"]
    if not seeker.verified or seeker.verified_only:
        refused, asked = 0 if seeker.verified else VERIFIED_ONLY, VERIFIED if seeker.verified_only else 0
        parts.append(f"flags in {[flags for flags in range(8) if flags & (refused | asked) == asked]}")
    parts.append(f"id not in {[seeker.id, *list(seeker.exclude)[:OUT]]}")
    here = f"city == {seeker.city}" if seeker.city else ""
    if not seeker.placed:
        parts += _either(f"distance == {ANYWHERE}", here)
        parts += _either(here) if wanted.distance < ANYWHERE else []
    else:
        parts += _either(f"distance == {ANYWHERE}", f"latitude < {NOWHERE}", here)
        parts += [] if wanted.distance == ANYWHERE else _either(box(seeker, wanted.distance), here)
    return " and ".join(parts)


def _either(*alternatives: str) -> list[str]:
    some = [one for one in alternatives if one]
    return [some[0] if len(some) == 1 else f"({' or '.join(some)})"] if some else ["id < 0"]


def box(seeker: Seeker, km: int) -> str:
    """Bounds of the circle of `km` round the seeker, a little too wide rather than too narrow.

    >>> box(Seeker(7, 1, 2, 0, 18, 99, 0.0, 179.5, today=20000), 111)
    '(latitude >= -0.998247 and latitude <= 0.998247 and (longitude >= 178.501753 or longitude <= -179.501753))'
    """
    angle = km / EARTH_KM
    south, north = (seeker.latitude + sign * (math.degrees(angle) + MARGIN) for sign in (-1, 1))
    if km >= HALFWAY:
        return f"latitude < {NOWHERE}"
    band = f"latitude >= {south:f} and latitude <= {north:f}"
    if south <= -90 or north >= 90:
        return f"({band})"
    # The circle's easternmost point: sin Δλ = sin δ / cos φ.
    sideways = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(seeker.latitude))))) + MARGIN
    west, east = seeker.longitude - sideways, seeker.longitude + sideways
    wraps_round = west < -180 or east > 180
    west, east = west + 360 * (west < -180), east - 360 * (east > 180)
    return f"({band} and (longitude >= {west:f} {'or' if wraps_round else 'and'} longitude <= {east:f}))"
