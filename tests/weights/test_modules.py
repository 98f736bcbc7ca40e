"""Whole networks are read without running anything of the file."""

import io
import os
import pickle
import struct
import sys
import types
import zipfile

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from hearsight.errors import WeightsError
from hearsight.weights.inert import Machine
from hearsight.weights.modules import read_module

ALARM = []


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.active = nn.ReLU()
        self.missing = None
        self.register_parameter("none", None)


class Net(nn.Module):
    """A network of all that matters: layers, buffers, shared modules, views, plain attributes."""

    def __init__(self):
        super().__init__()
        self.n_hidden, self.rate, self.kind, self.loss = 4, 0.5, "net", nn.MSELoss()
        self.lstm = nn.LSTM(3, 4, bidirectional=True, batch_first=True)
        self.linear = nn.Linear(8, 2, bias=False)
        self.inner = nn.Sequential(Inner(), self.loss)
        self.register_buffer("steps", torch.arange(6).reshape(2, 3).T)
        self.short = nn.Parameter(torch.ones(3, dtype=torch.float16))
        self.flags = nn.Parameter(torch.tensor([True, False]), requires_grad=False)


def saved(tmp_path, content, *, zipped=True, protocol=2):
    file = tmp_path / "net.pt"
    torch.save(content, file, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    return file


def same(found, expected):
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype, name
        assert torch.equal(found[name], tensor), name


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Net()


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_finds_what_the_state_dict_has(tmp_path, network, zipped, protocol):
    stored = read_module(saved(tmp_path, network, zipped=zipped, protocol=protocol))
    same(stored.state, network.state_dict())
    assert stored.kind == f"{Net.__module__}.Net"
    assert stored.settings == {"training": True, "n_hidden": 4, "rate": 0.5, "kind": "net"}


@pytest.mark.filterwarnings("ignore:Couldn't retrieve source code")
@pytest.mark.parametrize("zipped", [True, False])
def test_classes_of_the_file_are_neither_found_nor_needed(tmp_path, zipped):
    module = types.ModuleType("models_of_someone")

    class Theirs(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(2, 3)

        def __new__(cls):
            ALARM.append("made")
            return super().__new__(cls)

        def __setstate__(self, state):
            ALARM.append("set")

    Theirs.__module__, Theirs.__qualname__ = module.__name__, "Theirs"
    module.Theirs = Theirs
    sys.modules[module.__name__] = module
    try:
        theirs = Theirs()
        file = saved(tmp_path, theirs, zipped=zipped)
        ALARM.clear()
        same(read_module(file).state, theirs.state_dict())
        assert not ALARM
        torch.load(file, weights_only=False)  # noqa: TID251
        assert ALARM == ["made", "set"]
    finally:
        del sys.modules[module.__name__]
    same(read_module(file).state, theirs.state_dict())
    assert module.__name__ not in sys.modules


def test_parallel_training_leaves_no_trace(tmp_path, network):
    stored = read_module(saved(tmp_path, nn.DataParallel(network)))
    same(stored.state, network.state_dict())
    assert stored.settings["n_hidden"] == 4


@pytest.mark.parametrize("zipped", [True, False])
def test_state_dicts_are_read_as_well(tmp_path, network, zipped):
    stored = read_module(saved(tmp_path, {"model": network.state_dict()}, zipped=zipped))
    same(stored.state, network.state_dict())
    assert (stored.kind, stored.settings) == (None, {})
    save_file({"a": torch.ones(2)}, tmp_path / "net.safetensors")
    same(read_module(tmp_path / "net.safetensors").state, {"a": torch.ones(2)})


# Pickles written by hand, as far as an attack needs it.


def name(module, word):
    return f"c{module}\n{word}\n".encode()


def call(module, word, arguments):
    return name(module, word) + arguments + b"R"


def text(word):
    return b"X" + struct.pack("<I", len(word)) + word.encode()


STORAGE = (
    b"(" + text("storage") + name("torch", "FloatStorage") + text("0") + text("cpu") + b"K\x06tQ"
)


def tensor(storage=STORAGE, offset=b"K\x00", size=b"K\x02K\x03\x86", stride=b"K\x03K\x01\x86"):
    arguments = b"(" + storage + offset + size + stride + b"\x89}t"
    return call("torch._utils", "_rebuild_tensor_v2", arguments)


OLD_TENSOR = call(
    "torch._utils",
    "_rebuild_tensor",
    b"(" + STORAGE + b"K\x00K\x02K\x03\x86K\x03K\x01\x86t",
)


def module(parameters=b"", more=b"", buffers=b"", modules=b""):
    groups = (
        text("_parameters") + b"}(" + parameters + b"u"
        + text("_buffers") + b"}(" + buffers + b"u"
        + text("_modules") + b"}(" + modules + b"u"
    )  # fmt: skip
    return name("models", "Net") + b")\x81}(" + groups + more + b"ub"


def pickled(program):
    return b"\x80\x02" + program + b"."


def zipped_pickle(tmp_path, program, numbers=None, **entries):
    file = tmp_path / "evil.pt"
    raw = struct.pack("<6f", *range(6)) if numbers is None else numbers
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("evil/data.pkl", program)
        archive.writestr("evil/data/0", raw)
        for entry, content in entries.items():
            archive.writestr(f"evil/{entry}", content)
    return file


def refused(file, message):
    with pytest.raises(WeightsError, match=message) as caught:
        read_module(file)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert str(caught.value).startswith(str(file))


def test_a_program_by_hand_is_read(tmp_path):
    program = pickled(
        module(text("w") + tensor(), modules=text("a") + module(text("b") + tensor()))
    )
    expected = torch.arange(6.0).reshape(2, 3)
    same(read_module(zipped_pickle(tmp_path, program)).state, {"w": expected, "a.b": expected})


def test_parameters_of_the_first_years_are_read(tmp_path):
    """They were made of a tensor, then told whether they learn; modules knew what computed them."""
    parameter = call("torch.nn.parameter", "Parameter", OLD_TENSOR + b"\x85") + b"\x88\x89N\x87b"
    backend = text("_backend") + call("torch.nn.backends.thnn", "_get_thnn_function_backend", b")")
    program = pickled(module(text("w") + parameter, more=backend))
    expected = torch.arange(6.0).reshape(2, 3)
    same(read_module(zipped_pickle(tmp_path, program)).state, {"w": expected})


def test_mappings_of_the_first_years_are_read(tmp_path):
    """They were made of a list of pairs."""
    pairs = b"](" + text("w") + tensor() + b"\x86e"
    groups = b"}(" + text("_parameters") + call("collections", "OrderedDict", pairs + b"\x85")
    rest = text("_buffers") + b"}" + text("_modules") + b"}u"
    program = pickled(name("models", "Net") + b")\x81" + groups + rest + b"b")
    expected = torch.arange(6.0).reshape(2, 3)
    same(read_module(zipped_pickle(tmp_path, program)).state, {"w": expected})


def test_what_is_read_grows_no_more_than_the_file(tmp_path):
    """A thousand pairs, made a mapping a thousand times."""
    pairs = b"]q\x00(" + b"".join(text(f"{i}") + b"N\x86" for i in range(1000)) + b"e"
    again = name("collections", "OrderedDict") + b"h\x00\x85R"
    machine = Machine()
    mappings = machine.read(io.BytesIO(pickled(pairs + b"]" + (again + b"a") * 1000)))
    assert sum(map(len, mappings)) == 1000


SHELL = text("touch sprung") + b"\x85"
CALLS = {
    "posix.system": call("posix", "system", SHELL),
    "os.system": call("os", "system", SHELL),
    "builtins.eval": call("builtins", "eval", SHELL),
    "__builtin__.exec": call("__builtin__", "exec", SHELL),
    "builtins.getattr": call("builtins", "getattr", name("os", "system") + text("x") + b"\x86"),
    "hearsight.weights.modules.io.os.system": call(
        "hearsight.weights.modules", "io.os.system", SHELL
    ),
    "torch.load": call("torch", "load", SHELL),
    "torch.hub.load": call("torch.hub", "load", SHELL),
    "torch._utils._rebuild_wrapper": call("torch._utils", "_rebuild_wrapper", SHELL),
    "functools.partial": call("functools", "partial", name("os", "system") + b"\x85"),
    "models.Net": call("models", "Net", SHELL),
}


@pytest.mark.parametrize("called", CALLS)
@pytest.mark.parametrize("place", ["hook", "parameter", "top", "argument", "state"])
def test_calls_are_refused_by_name(tmp_path, monkeypatch, called, place):
    monkeypatch.chdir(tmp_path)
    program = {
        "hook": module(text("w") + tensor(), more=text("hook") + CALLS[called]),
        "parameter": module(text("w") + CALLS[called]),
        "top": CALLS[called],
        "argument": module(text("w") + tensor(storage=CALLS[called])),
        "state": module(text("w") + tensor() + CALLS[called] + b"b"),
    }[place]
    refused(zipped_pickle(tmp_path, pickled(program)), f"would call '{called}'; nothing .* was run")
    assert not (tmp_path / "sprung").exists()


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_module_does_not_run(tmp_path, network, zipped):
    network.trap = Trap(tmp_path / "sprung")
    refused(saved(tmp_path, network, zipped=zipped), "would call '(posix|nt).mkdir'")
    assert not (tmp_path / "sprung").exists()


def test_a_class_is_never_what_it_says(tmp_path):
    """Whatever it is called, it is made of nothing and stays a note."""
    program = module(text("w") + tensor()).replace(name("models", "Net"), name("os", "system"))
    assert read_module(zipped_pickle(tmp_path, pickled(program))).kind == "os.system"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (name("models", "Net") + b"K\x01\x85\x81", r"call 'models\.Net'"),
        (name("models", "Net") + b")\x81)R", r"call 'models\.Net'"),
        (b"K\x05)R", "call int"),
        (name("models", "Net") + b"}b", r"change 'models\.Net'"),
        (name("collections", "OrderedDict") + b"N}" + text("fromkeys") + b"K\x01s\x86b", "change"),
        (tensor() + b")R", r"call 'torch\._utils\._rebuild_tensor_v2'"),
        (b"K\x05}b", "change int"),
        (b"(" + SHELL + b"ios\nsystem\n", "step that no network needs, INST"),
        (b"(" + name("os", "system") + SHELL + b"o", "needs, OBJ"),
        (name("os", "system") + SHELL + b"}\x92", "needs, NEWOBJ_EX"),
        (b"\x82\x01", "needs, EXT1"),
        (b"P0\n", "needs, PERSID"),
        (text("os") + b"N\x93", "without words"),
        (b"}N" + text("x") + b"s", "other than text and numbers"),
        (call("collections", "OrderedDict", b"])K\x01\x86a\x85"), "other than text and numbers"),
        (b"c" + b"x" * 10_000 + b"\nsystem\n)R", "too many words"),
        (b"X" + struct.pack("<I", 10**6) + b"x" * 10**6 + text("y") + b"\x93", "too many words"),
        (module(text("a\nb") + tensor()), "cannot be read"),
        (module(text("w" * 2000) + tensor()), "cannot be read"),
        (module(b"K\x01" + tensor()), "cannot be read"),
        (module(text("w") + tensor(text("storage") + b"\x85Q")), "cannot be read"),
        (module(text("w") + b"K\x01"), "no plain tensor"),
        (module(text("w") + module()), "no plain tensor"),
        (
            module(text("w") + tensor(STORAGE.replace(b"Float", b"Untyped"))),
            "way that is not known",
        ),
        (module(text("w") + tensor(STORAGE.replace(text("0"), b"K\x00"))), "way that is not known"),
    ],
)
def test_what_no_network_needs_is_refused(tmp_path, program, message):
    refused(zipped_pickle(tmp_path, pickled(program)), message)


HUGE = b"\x8a\x08" + struct.pack("<q", 2**40)


@pytest.mark.parametrize(
    "given",
    [
        {"size": HUGE + HUGE + b"\x86", "stride": b"K\x00K\x00\x86"},
        {"size": b"K\x04K\x03\x86", "stride": b"K\x00K\x01\x86"},
        {"size": b"K\x03K\x03\x86"},
        {"offset": b"K\x01"},
        {"offset": b"J\xff\xff\xff\xff"},
        {"stride": b"K\x04K\x01\x86"},
        {"stride": b"J\xff\xff\xff\xffK\x01\x86"},
        {"stride": b"K\x01\x85"},
        {"size": b"G@\x00\x00\x00\x00\x00\x00\x00K\x03\x86"},
        {"size": text("23")},
        {"size": b"K\x01" * 70 + b"t", "stride": b"K\x01" * 70 + b"t"},
        {"storage": STORAGE.replace(b"K\x06", b"K\x07")},
        {"storage": STORAGE.replace(b"K\x06", HUGE)},
        {"storage": STORAGE.replace(text("0"), text("9"))},
        {"storage": STORAGE.replace(text("0"), text("../data.pkl"))},
    ],
)
def test_tensors_that_their_numbers_do_not_fill_are_refused(tmp_path, given):
    if given.get("size", b"").endswith(b"t"):
        given = {key: b"(" + value for key, value in given.items()}
    refused(zipped_pickle(tmp_path, pickled(module(text("w") + tensor(**given)))), "cannot be read")


def deep(opening, closing, depth=60_000):
    return opening * depth + b"N" + closing * depth


@pytest.mark.parametrize(
    "program",
    [
        deep(b"", b"\x85"),
        deep(b"]", b"a"),
        deep(b"}K\x01", b"s"),
        deep(name("m", "N") + b")\x81", b"b"),
        deep(b"", b"\x85") + b"}" + deep(b"", b"\x85", 10) + b"N" + b"s",
        # One thing twice, and that twice, and so on: read as a tree it would be endless.
        b"Nq\x00" + b"h\x00h\x00\x86q\x00" * 200,
    ],
)
def test_deep_and_entangled_programs_end(tmp_path, program):
    for at in (program, module(text("w") + program), module(more=text("x") + program)):
        file = zipped_pickle(tmp_path, pickled(at))
        try:
            read_module(file)
        except WeightsError as error:
            assert len(str(error)) < 500  # noqa: PT017


def test_a_module_inside_itself_is_met_once(tmp_path):
    state = (
        b"}(" + text("_parameters") + b"}" + text("w") + tensor() + b"s"
        + text("_buffers") + b"}" + text("_modules") + b"}" + text("self") + b"h\x00su"
    )  # fmt: skip
    program = pickled(name("models", "Net") + b")\x81q\x00" + state + b"b")
    assert set(read_module(zipped_pickle(tmp_path, program)).state) == {"w"}


@pytest.mark.parametrize("zipped", [True, False])
def test_truncated_files_are_refused(tmp_path, network, zipped):
    file = saved(tmp_path, network, zipped=zipped)
    whole = file.read_bytes()
    for length in range(4, len(whole) - 1, len(whole) // 60):
        file.write_bytes(whole[:length])
        refused(file, r"net\.pt: ")


@pytest.mark.parametrize("zipped", [True, False])
def test_changed_bytes_do_no_harm(tmp_path, network, zipped):
    """Whatever a byte becomes, the file is read or refused."""
    file = saved(tmp_path, network, zipped=zipped)
    whole = file.read_bytes()
    start = whole.index(b"_parameters") - 300
    for at in range(start, start + 2500, 7):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x15]) + whole[at + 1 :])
        try:
            read_module(file)
        except WeightsError as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_archives_that_say_more_than_they_hold_are_refused(tmp_path):
    program = pickled(module(text("w") + tensor()))
    file = tmp_path / "evil.pt"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("evil/data.pkl", program)
        archive.writestr("evil/data/0", b"\x00" * 1_000_000)
    refused(file, "more than it has")


def test_numbers_of_another_byte_order_are_refused(tmp_path):
    program = pickled(module(text("w") + tensor()))
    refused(zipped_pickle(tmp_path, program, byteorder=b"big"), "byte order")


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04 and no more", b"\x80\x02.", b"\x80\x02N.", pickle.dumps(3), pickle.dumps([1, 2])],
)
def test_other_files_are_refused(tmp_path, content):
    file = tmp_path / "net.pt"
    file.write_bytes(content)
    refused(file, "cannot be read")


def test_streams_end_where_they_end(tmp_path):
    """Of a stream, keys are what they are, and numbers as many as there are."""
    head = b"".join(
        pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
    )
    stream = STORAGE.replace(b"K\x06t", b"K\x06Nt")
    program = pickled(module(text("w") + tensor(stream)))
    file = tmp_path / "old.pt"
    numbers = struct.pack("<q6f", 6, *range(6))
    file.write_bytes(head + program + pickle.dumps(["0"], 2) + numbers)
    same(read_module(file).state, {"w": torch.arange(6.0).reshape(2, 3)})
    for keys in (["0", "1"], [("0",)], 3, [], {"a": 1}):
        file.write_bytes(head + program + pickle.dumps(keys, 2) + numbers)
        refused(file, "cannot be read")
    file.write_bytes(head + program + pickle.dumps(["0"], 2) + struct.pack("<q", 2**62))
    refused(file, "cannot be read")


def test_missing_files_are_refused(tmp_path):
    refused(tmp_path / "nowhere.pt", "cannot be read")


def test_nothing_is_read_by_pickle(tmp_path, network, monkeypatch):
    file = saved(tmp_path, network)
    for reader in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, reader, None)
    monkeypatch.setattr(torch, "load", None)
    assert read_module(file).state
