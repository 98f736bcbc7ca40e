"""The pictures of a video being written: RGB in memory to H.264 in a container."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError

if TYPE_CHECKING:
    import av.container


class PictureEncoder:
    """Encodes pictures one by one, each shown as long as the next.

    Colors are stored as BT.709 in limited range and marked so. A side of odd length takes color at
    full resolution (4:4:4), else it is halved (4:2:0).

    Parameters
    ----------
    container : av.container.OutputContainer
    size : tuple of int
        Width and height of the pictures.
    rate : Fraction
        Pictures per second.
    crf : int
        x264's constant rate factor.
    """

    def __init__(
        self,
        container: av.container.OutputContainer,
        size: tuple[int, int],
        rate: Fraction,
        crf: int,
    ) -> None:
        from av.video.reformatter import (
            ColorPrimaries,
            ColorRange,
            Colorspace,
            ColorTrc,
            VideoReformatter,
        )

        self.container = container
        # "veryfast" takes about half the time of the default, and no more bytes at this quality.
        stream = container.add_stream("libx264", rate, {"crf": str(crf), "preset": "veryfast"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv444p" if size[0] % 2 or size[1] % 2 else "yuv420p"
        stream.time_base = 1 / rate
        stream.gop_size = max(1, round(2 * rate))  # a player jumps to a key picture: every 2 s
        stream.colorspace = Colorspace.ITU709
        stream.color_primaries = ColorPrimaries.BT709
        stream.color_trc = ColorTrc.BT709
        stream.color_range = ColorRange.MPEG
        self._stream = stream
        self._rate = rate
        self._scaler = VideoReformatter()
        self._n_written = 0

    def write(self, frame: NDArray[np.uint8]) -> float:
        """Encode the next picture.

        Parameters
        ----------
        frame : ndarray of uint8, shape (3, height, width)

        Returns
        -------
        float
            Seconds at which it ends.

        Raises
        ------
        InputError
            If it is of another shape or type.
        """
        import av.video.frame
        from av.video.reformatter import ColorRange, Colorspace

        expected = (3, self._stream.height, self._stream.width)
        if frame.shape != expected or frame.dtype != np.uint8:
            msg = f"frames must be uint8 of shape {expected}, got {frame.dtype} {frame.shape}"
            raise InputError(msg)
        packed = np.ascontiguousarray(frame.transpose(1, 2, 0))
        encoded = self._scaler.reformat(
            av.video.frame.VideoFrame.from_ndarray(packed, format="rgb24"),
            format=self._stream.pix_fmt,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        encoded.pts, encoded.time_base = self._n_written, 1 / self._rate
        self.container.mux(self._stream.encode(encoded))
        self._n_written += 1
        return float(self._n_written / self._rate)

    def finish(self) -> None:
        """Write what the encoder still holds.

        Raises
        ------
        InputError
            If there was no picture.
        """
        if self._n_written == 0:
            msg = "a video needs at least one frame, got none"
            raise InputError(msg)
        self.container.mux(self._stream.encode(None))
