"""Heat maps as NPZ: any NumPy opens them, without pickle.

Of each kind in the file (one of `HEATMAP_KINDS`) there are `<kind>_values` (float16,
shape (frames, height, width)), `<kind>_times` (float64 seconds), `<kind>_projection` (the kind of
projection, as text) and `<kind>_picture` (float64: width, height, field of view or NaN). Values are
rounded to float16, whose step near 1 is 0.0005; the rest is exact.
"""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import HearsightError, InputError, MediaError
from hearsight.events.formats.lines import located
from hearsight.events.heatmaps import HEATMAP_KINDS, HeatMap
from hearsight.events.scene import Scene
from hearsight.recording.files import replacing
from hearsight.spatial.projection import Projection

_BLOCK_BYTES = 4_000_000


def write_heatmaps(scene: Scene | Iterable[HeatMap], path: str | Path) -> None:
    """Write heat maps block by block, so that memory maps of hours stay on disk.

    Parameters
    ----------
    scene : Scene or iterable of HeatMap
        At most one of each kind; none gives a file without arrays.
    path : str or Path

    Raises
    ------
    InputError
        If a kind occurs twice.
    MediaError
        If the file cannot be written.
    """
    heatmaps = scene.heatmaps if isinstance(scene, Scene) else tuple(scene)
    if len({heatmap.kind for heatmap in heatmaps}) != len(heatmaps):
        msg = "a file of heat maps holds at most one of each kind"
        raise InputError(msg)
    with (
        replacing(path) as temporary,
        # The maps are mostly zeros: the fastest level already makes them small.
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for heatmap in heatmaps:
            projection = heatmap.projection
            fov = math.nan if projection.fov_deg is None else projection.fov_deg
            picture = np.array([projection.width, projection.height, fov], dtype=float)
            members = {
                "values": heatmap.values,
                "times": heatmap.times.astype(np.float64),
                "projection": np.array(projection.kind),
                "picture": picture,
            }
            for name, array in members.items():
                # A fixed date, so that equal maps make equal files.
                entry = zipfile.ZipInfo(f"{heatmap.kind}_{name}.npy", (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(entry, "w", force_zip64=True) as file:
                    _write_array(file, array, np.float16 if name == "values" else array.dtype)


def _write_array(file: IO[bytes], array: NDArray[Any], dtype: Any) -> None:
    """Write what `numpy.save` writes, a block of the first axis at a time."""
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
        "fortran_order": False,
        "shape": array.shape,
    }
    np.lib.format.write_array_header_2_0(file, header)
    if array.ndim == 0:
        file.write(array.astype(dtype).tobytes())
        return
    row_bytes = max(1, math.prod(array.shape[1:]) * np.dtype(dtype).itemsize)
    step = max(1, _BLOCK_BYTES // row_bytes)
    for start in range(0, len(array), step):
        file.write(np.asarray(array[start : start + step], dtype=dtype).tobytes())


def read_heatmaps(path: str | Path) -> tuple[HeatMap, ...]:
    """Read heat maps; their values stay float16.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    tuple of HeatMap
        In the order of `HEATMAP_KINDS`.

    Raises
    ------
    InputError
        If the file is no such archive or what it holds is no heat map.
    MediaError
        If the file cannot be read.
    """
    try:
        with located(str(path)), zipfile.ZipFile(path) as archive:
            names = {Path(name).stem for name in archive.namelist()}
            kinds = [kind for kind in HEATMAP_KINDS if f"{kind}_values" in names]
            return tuple(_read_heatmap(archive, kind) for kind in kinds)
    except HearsightError:
        raise
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror or error}); check the path"
        raise MediaError(msg) from error
    except _DAMAGE as error:
        msg = f"{path}: not a whole NPZ file of heat maps ({error}); write it again"
        raise InputError(msg) from error


# What zipfile and NumPy raise for archives that are cut off, altered, encrypted or no archive.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    IndexError,
    ValueError,
    RuntimeError,
    MemoryError,
    OverflowError,
)


def _read_heatmap(archive: zipfile.ZipFile, kind: Any) -> HeatMap:
    def member(name: str, shape: tuple[int | None, ...], dtypes: str) -> NDArray[Any]:
        with archive.open(f"{kind}_{name}.npy") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
        is_shaped = len(array.shape) == len(shape) and all(
            want in (None, got) for want, got in zip(shape, array.shape, strict=True)
        )
        if not is_shaped or array.dtype.kind not in dtypes:
            msg = f"{kind}_{name} is {array.dtype} of shape {array.shape}, which no heat map has"
            raise InputError(msg)
        return array

    values = member("values", (None, None, None), "f")
    times = member("times", (len(values),), "f").astype(np.float64)
    width, height, fov = member("picture", (3,), "f").tolist()
    if not (0 < width < 1e6 and 0 < height < 1e6):
        msg = f"{kind}_picture has the size {width:g} x {height:g}; expected pixels"
        raise InputError(msg)
    projection = Projection(
        str(member("projection", (), "U")),  # type: ignore[arg-type]  # checked by the class
        int(width),
        int(height),
        None if math.isnan(fov) else fov,
    )
    return HeatMap(values, times, kind, projection)
