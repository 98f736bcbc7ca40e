"""One file per system: its features, model and settings tied together, with the paper."""

# All of them register themselves.
from hearsight.systems import av_att as av_att
from hearsight.systems import avdln as avdln
from hearsight.systems import dmrn as dmrn
from hearsight.systems import ez_vsl as ez_vsl
from hearsight.systems import lvs as lvs
from hearsight.systems import psp as psp
from hearsight.systems import seldnet as seldnet
from hearsight.systems import slavc as slavc
from hearsight.systems import visual_context as visual_context
from hearsight.systems.registry import find, names

__all__ = ["find", "names"]
