"""Settings: frozen dataclasses, changed by YAML files and `--set section.name=value`.

A system's settings say what it is, those of training how it learns. All are checked by type when
they are made; a name that does not exist is an error that tells the nearest one.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from hearsight.errors import InputError, nearest

T = TypeVar("T")

Schedule = Literal["constant", "cosine", "late_linear", "late_tenth"]


@dataclass(frozen=True)
class TrainingSettings:
    """How a system learns; each system's own defaults are those of its paper.

    Parameters
    ----------
    epochs : int
        Times that all training windows are seen.
    batch_size : int
        Windows per step on each device.
    learning_rate : float
        Of Adam.
    schedule : {"constant", "cosine", "late_linear", "late_tenth"}
        How the learning rate changes; see `hearsight.training.schedule`.
    weight_decay : float
        How strongly weights are drawn to zero; 0: not at all.
    decay : {"decoupled", "l2"}
        Apart from the gradient as in AdamW, or as a part of it as in Adam with a penalty.
    metric : str
        The score on the validation split by which the best weights are chosen.
    seed : int
        Of the first weights, the order of examples and dropout.
    validate_every : int
        Epochs between validations; the last epoch is always validated.
    """

    epochs: int = 100
    batch_size: int = 128
    learning_rate: float = 1e-3
    schedule: Schedule = "constant"
    weight_decay: float = 0.0
    decay: Literal["decoupled", "l2"] = "decoupled"
    metric: str = "seld_score"
    seed: int = 0
    validate_every: int = 1

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "validate_every"):
            if getattr(self, name) < 1:
                msg = f"training.{name} must be at least 1, got {getattr(self, name)}"
                raise InputError(msg)
        if not 0.0 < self.learning_rate < 1e3 or not self.weight_decay >= 0.0 or self.seed < 0:
            msg = (
                "training needs learning_rate in (0, 1000), weight_decay >= 0 and seed >= 0, got "
                f"{self.learning_rate:g}, {self.weight_decay:g} and {self.seed}"
            )
            raise InputError(msg)


def check_numbers(
    settings: object,
    above_zero: Sequence[str],
    shares: Sequence[str] = (),
    weights: Sequence[str] = (),
) -> None:
    """See that a system can be built from its settings.

    Parameters
    ----------
    settings : frozen dataclass
    above_zero, shares, weights : sequence of str
        Names of settings that must be above 0, in [0, 1], and 0 or more.

    Raises
    ------
    InputError
        If one of them is not.
    """
    for name in (*above_zero, *shares, *weights):
        value = getattr(settings, name)
        if name in shares and not 0 <= value <= 1:
            msg = f"system.{name} must lie in [0, 1], got {value}"
            raise InputError(msg)
        if name in weights and not 0 <= value < math.inf:
            msg = f"system.{name} must be 0 or more, got {value}"
            raise InputError(msg)
        if name in above_zero and not 0 < value < math.inf:
            msg = f"system.{name} must be above 0, got {value}"
            raise InputError(msg)


def changed(defaults: T, changes: Mapping[str, Any], where: str = "settings") -> T:
    """Return settings with some values replaced.

    Parameters
    ----------
    defaults : frozen dataclass
        May hold others.
    changes : mapping
        Names to values, nested as the dataclasses are. Texts are turned into the type of the
        setting ("5" into 5).
    where : str
        The file or option the changes come from, for messages.

    Raises
    ------
    InputError
        If a name does not exist, a value is not of the setting's type, or settings refuse it.
    """
    valid = list(_names(defaults))
    for name in _names(changes):
        inside = [each for each in valid if each.startswith(f"{name}.")]
        if inside:
            msg = f"{where}: {name} is a section; set one of {', '.join(inside)}"
            raise InputError(msg)
        if name not in valid:
            msg = f"{where}: no setting is called {name}; {nearest(name, valid)}"
            raise InputError(msg)
    try:
        settings = OmegaConf.structured(defaults)
        OmegaConf.set_readonly(settings, value=False)
        merged = OmegaConf.merge(settings, OmegaConf.create(dict(changes)))
        return OmegaConf.to_object(merged)  # type: ignore[return-value]
    except OmegaConfBaseException as error:
        reason = str(error.msg or error).splitlines()[0]
        msg = f"{where}: {error.full_key or 'settings'}: {reason}; {_type_of(defaults, error)}"
        raise InputError(msg) from error
    except InputError as error:
        msg = f"{where}: {error}"
        raise InputError(msg) from error


def _names(settings: object, prefix: str = "") -> Iterator[str]:
    """Yield the full names of all settings, "training.epochs" and the like."""
    if dataclasses.is_dataclass(settings):
        items = [(each.name, getattr(settings, each.name)) for each in dataclasses.fields(settings)]
    else:
        assert isinstance(settings, Mapping)
        items = [(str(key), value) for key, value in settings.items()]
    for name, value in items:
        if value and (dataclasses.is_dataclass(value) or isinstance(value, Mapping)):
            yield from _names(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _type_of(defaults: object, error: OmegaConfBaseException) -> str:
    value: Any = defaults
    for name in (error.full_key or "").split("."):
        value = getattr(value, name, value)
    return f"expected something like {value!r}"


def read_changes(file: str | Path | None, assignments: Sequence[str] = ()) -> dict[str, Any]:
    """Read changes of settings from a YAML file and from assignments, which count more.

    Parameters
    ----------
    file : str or Path, optional
        YAML with sections.
    assignments : sequence of str
        Such as "training.epochs=5".

    Returns
    -------
    dict
        Nested; see `changed`.

    Raises
    ------
    InputError
        If the file is not readable YAML with sections, or an assignment has no "=".
    """
    merged = DictConfig({})
    if file is not None:
        try:
            loaded = OmegaConf.create(Path(file).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError, OmegaConfBaseException) as error:
            problem = getattr(error, "problem", None) or error  # of YAML, without its context
            reason = (str(problem).splitlines() or ["unreadable"])[0]
            mark = getattr(error, "problem_mark", None)
            where = f" in line {mark.line + 1}" if mark else ""
            msg = (
                f"{file}: cannot be read as settings ({reason}{where}); expected YAML with sections"
            )
            raise InputError(msg) from error
        if not isinstance(loaded, DictConfig):
            msg = f"{file}: holds no sections; expected YAML such as 'training: {{epochs: 5}}'"
            raise InputError(msg)
        merged = loaded
    for assignment in assignments:
        name, equals, _ = assignment.partition("=")
        if not equals or not name.strip("."):
            msg = f"--set {assignment}: expected name=value, such as training.epochs=5"
            raise InputError(msg)
        try:
            merged.merge_with_dotlist([assignment])
        except (OmegaConfBaseException, yaml.YAMLError) as error:
            reason = str(error).splitlines()[0]
            msg = f"--set {assignment}: {reason}; expected name=value, such as training.epochs=5"
            raise InputError(msg) from error
    plain = OmegaConf.to_container(merged)
    assert isinstance(plain, dict)
    return {str(name): value for name, value in plain.items()}


def as_yaml(settings: object) -> str:
    """Write settings as YAML that `read_changes` reads back."""
    return OmegaConf.to_yaml(OmegaConf.structured(settings))
