"""Checks of the SELD features against the originals."""

from __future__ import annotations

from parity.reference import Check

CHECKS: dict[str, Check] = {}
