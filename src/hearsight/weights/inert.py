"""Pickles read as data: what they say is written down, and nothing of it is done.

A pickle is a program for a small machine with a stack. Python's own machine imports what the
program names, and calls it. This one knows the steps that numbers, text, containers and modules of
networks are made of; what the program names stays a name, what it would make stays a note of how.
So nothing is imported, called or changed, whatever the file says.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hearsight.errors import WeightsError


@dataclass(frozen=True)
class Name:
    """A class or function that the program names: `package.module.name`."""

    path: str


@dataclass(eq=False, repr=False)
class Note:
    """Something that the program would make.

    Parameters
    ----------
    maker : Name
        The class or function it would call.
    arguments : tuple
        What it would call it with.
    state : object
        What it would hand to what came out.
    """

    maker: Name
    arguments: tuple[Any, ...] = ()
    state: Any = None


@dataclass(frozen=True, eq=False, repr=False)
class Kept:
    """Something kept outside the pickle, by what tells where: the numbers of a tensor."""

    where: tuple[Any, ...]


@dataclass
class Machine:
    """The stack and memory of one program.

    Sets are lists here, and all mappings dicts.

    Parameters
    ----------
    notable : frozenset of str
        Calls with arguments that may be noted; a program with others is refused.
    kept : list of Kept
        All that the program keeps outside.
    """

    notable: frozenset[str] = frozenset()
    kept: list[Kept] = field(default_factory=list)
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memory: dict[int, Any] = field(default_factory=dict)

    def read(self, stream: io.BytesIO) -> Any:
        """Read one program, up to its end.

        Raises
        ------
        WeightsError
            If it asks for anything that is not known to be harmless.
        Exception
            Of some kind, if it is damaged.
        """
        for step, argument, _ in pickletools.genops(stream):
            if step.name in _LITERALS:
                self.stack.append(argument)
            elif step.name in _FRESH:
                self.stack.append(_FRESH[step.name]())
            elif step.name in _STEPS:
                _STEPS[step.name](self, argument)
            elif step.name not in _NO_STEPS:
                msg = f"takes a step that no network needs, {step.name}"
                raise WeightsError(msg)
        return self.stack.pop()

    def since_mark(self) -> list[Any]:
        """Take all from the stack that lies above the last mark."""
        start = self.marks.pop()
        above = self.stack[start:]
        del self.stack[start:]
        return above

    def take_tuple(self, length: int | None) -> None:
        """Join what lies above the last mark, or the last few things."""
        if length is None:
            self.stack.append(tuple(self.since_mark()))
        else:
            self.stack[-length:] = [tuple(self.stack[-length:])]

    def extend(self, items: list[Any]) -> None:
        """Put things into the list on the stack, or pairs of them into the dict."""
        target = self.stack[-1]
        if isinstance(target, dict):
            _fill(target, items[::2], items[1::2])
        else:
            target.extend(items)

    def name(self, module: object, name: object) -> None:
        """Put a name on the stack."""
        if not isinstance(module, str) or not isinstance(name, str):
            msg = "names something without words"
            raise WeightsError(msg)
        if len(module) + len(name) > _LONGEST:
            msg = "names something in too many words"
            raise WeightsError(msg)
        self.stack.append(Name(f"{module}.{name}"))

    def make(self) -> None:
        """Note an object of a class, made of nothing."""
        arguments, maker = self.stack.pop(), self.stack.pop()
        if not isinstance(maker, Name) or arguments != ():
            raise WeightsError(_refusal("call", maker))
        self.stack.append(Note(maker))

    def call(self) -> None:
        """Make a mapping, or note a call."""
        arguments, maker = self.stack.pop(), self.stack.pop()
        if maker == _MAPPING and isinstance(arguments, tuple):
            pairs: list[Any] = arguments[0] if arguments else []
            self.stack.append({})
            _fill(self.stack[-1], [key for key, _ in pairs], [value for _, value in pairs])
            # A list serves once: what is read grows no more than the file.
            pairs.clear()
        elif isinstance(maker, Name) and maker.path in self.notable:
            self.stack.append(Note(maker, arguments))
        else:
            raise WeightsError(_refusal("call", maker))

    def give_state(self) -> None:
        """Note what the last object's state would become; that of a mapping does not matter."""
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Note):
            target.state = state
        elif not isinstance(target, dict):
            raise WeightsError(_refusal("change", target))

    def remember(self, place: int | None) -> None:
        """Keep the top of the stack."""
        self.memory[len(self.memory) if place is None else place] = self.stack[-1]

    def recall(self, place: int) -> None:
        """Put on the stack what was kept."""
        self.stack.append(self.memory[place])

    def refer(self) -> None:
        """Note something kept outside; of a class with its code, as in old files, just the name."""
        where = self.stack.pop()
        if where[0] == "module" and isinstance(where[1], Name):
            self.stack.append(where[1])
            return
        self.kept.append(Kept(where))
        self.stack.append(self.kept[-1])


def _fill(target: dict[Any, Any], keys: list[Any], values: list[Any]) -> None:
    """Put pairs into a dict; other keys than these could be so deep that to hash them is fatal."""
    if not all(isinstance(key, str | int) for key in keys):
        msg = "names values by other than text and numbers"
        raise WeightsError(msg)
    target.update(zip(keys, values, strict=True))


def _refusal(deed: str, thing: object) -> str:
    if isinstance(thing, Note):
        thing = thing.maker
    worded = repr(thing.path) if isinstance(thing, Name) else type(thing).__name__
    return f"would {deed} {worded}"


_MAPPING = Name("collections.OrderedDict")
_LONGEST = 200
"""Letters of a name, so that messages can repeat it and many names stay small."""
_NO_STEPS = frozenset({"PROTO", "FRAME", "STOP"})
_LITERALS = frozenset(
    {"BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"}
    | {"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING"}
    | {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8"}
)
_FRESH: Mapping[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_SET": list,
    "EMPTY_TUPLE": tuple,
}
_STEPS: Mapping[str, Callable[[Machine, Any], None]] = {
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    "TUPLE": lambda machine, _: machine.take_tuple(None),
    "TUPLE1": lambda machine, _: machine.take_tuple(1),
    "TUPLE2": lambda machine, _: machine.take_tuple(2),
    "TUPLE3": lambda machine, _: machine.take_tuple(3),
    "APPEND": lambda machine, _: machine.extend([machine.stack.pop()]),
    "SETITEM": lambda machine, _: machine.extend([machine.stack.pop(-2), machine.stack.pop()]),
    **{
        name: lambda machine, _: machine.extend(machine.since_mark())
        for name in ("APPENDS", "ADDITEMS", "SETITEMS")
    },
    **dict.fromkeys(("BINPUT", "LONG_BINPUT", "MEMOIZE"), Machine.remember),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), Machine.recall),
    "GLOBAL": lambda machine, words: machine.name(*words.split(" ", 1)),
    "STACK_GLOBAL": lambda machine, _: machine.name(machine.stack.pop(-2), machine.stack.pop()),
    "NEWOBJ": lambda machine, _: machine.make(),
    "REDUCE": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.give_state(),
    "BINPERSID": lambda machine, _: machine.refer(),
}
