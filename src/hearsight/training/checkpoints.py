"""`WholeCheckpoints`: what an interrupted run goes on from, written whole or not at all."""

from __future__ import annotations

import io
import pickle
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from hearsight.errors import WeightsError
from hearsight.recording.files import replacing

_UNREADABLE = (
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)
"""What reading raises for files that are cut off, altered, of others, or hold more than tensors."""

_PROOF = "pytorch-lightning_version"  # Lightning writes it into every checkpoint


class WholeCheckpoints(TorchCheckpointIO):
    """Lightning's checkpoints, replaced in one step and refused in one line.

    Lightning writes them in the folder for temporary files and copies them to where they belong:
    where that is another disk, a process killed in between leaves neither the old nor the new one.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Write a checkpoint; raises MediaError if the disk is full."""
        del storage_options
        # In memory first: PyTorch says of a full disk only that it is somewhere else than expected.
        content = io.BytesIO()
        torch.save(checkpoint, content)
        with replacing(path) as temporary:
            temporary.write_bytes(content.getbuffer())

    def load_checkpoint(self, path: Any, *args: Any, **options: Any) -> dict[str, Any]:
        """Read a checkpoint; raises WeightsError if it is damaged or none."""
        try:
            checkpoint = super().load_checkpoint(path, *args, **options)
            checkpoint[_PROOF]
        except _UNREADABLE as error:
            msg = (
                f"{path}: is damaged or no checkpoint, so the run cannot go on; remove it to begin "
                "from the first epoch, or choose another --out"
            )
            raise WeightsError(msg) from error
        return checkpoint
