"""A look into an ONNX file before onnxruntime reads it: what it contains besides numbers and plain operators.

A tower is one pass over its operators. A graph that loops could run for ever, and weights in other files
would let a pack read any file of this machine, unless the pack lists these files itself. Only the structure
is walked; weights are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from imagedb_site.errors import PackError

_LOOPS = frozenset({b"Loop", b"Scan", b"SequenceMap"})
_DEEPEST = 16
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_EXTERNAL = 1

# Field numbers of the messages of onnx.proto.
_MODEL_GRAPH, _MODEL_FUNCTIONS = 7, 25
_GRAPH_NODE, _GRAPH_TENSOR, _GRAPH_SPARSE = 1, 5, 15
_FUNCTION_NODE = 7
_NODE_OPERATOR, _NODE_ATTRIBUTE = 4, 5
_ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS, _ATTRIBUTE_SPARSE = (5, 10), (6, 11), (22, 23)
_SPARSE_TENSORS = (1, 2)
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14
_PLACE_KEYS = (b"location", b"offset", b"length")


def check_graph(model: bytes, file: str, weights: Mapping[str, int] | None = None) -> None:
    """`weights`: the names of files that weights may be in, and how many bytes each of them has.

    Raises PackError for a model that loops, keeps weights elsewhere or is not protocol buffers.
    """
    try:
        for number, value in _fields(memoryview(model)):
            if number == _MODEL_GRAPH and isinstance(value, memoryview):
                _graph(value, 0, weights or {})
            elif number == _MODEL_FUNCTIONS and isinstance(value, memoryview):
                for inner, node in _fields(value):
                    if inner == _FUNCTION_NODE and isinstance(node, memoryview):
                        _node(node, 0)
    except ValueError as error:
        raise PackError(f"“{file}” of the model pack cannot be used: {error}.") from error


def _graph(graph: memoryview, depth: int, weights: Mapping[str, int]) -> None:
    if depth > _DEEPEST:
        raise ValueError("its graphs lie too deep in each other")
    for number, value in _fields(graph):
        if not isinstance(value, memoryview):
            continue
        if number == _GRAPH_NODE:
            _node(value, depth)
        elif number == _GRAPH_TENSOR:
            _tensor(value, weights)
        elif number == _GRAPH_SPARSE:
            _sparse(value)


def _node(node: memoryview, depth: int) -> None:
    for number, value in _fields(node):
        if not isinstance(value, memoryview):
            continue
        if number == _NODE_OPERATOR and bytes(value[:32]) in _LOOPS:
            raise ValueError(f"it has the operator {bytes(value).decode()}, which may never end")
        if number == _NODE_ATTRIBUTE:
            _attribute(value, depth)


def _attribute(attribute: memoryview, depth: int) -> None:
    for number, value in _fields(attribute):
        if not isinstance(value, memoryview):
            continue
        if number in _ATTRIBUTE_TENSORS:
            _tensor(value)
        elif number in _ATTRIBUTE_GRAPHS:
            _graph(value, depth + 1, {})
        elif number in _ATTRIBUTE_SPARSE:
            _sparse(value)


def _sparse(sparse: memoryview) -> None:
    for number, value in _fields(sparse):
        if number in _SPARSE_TENSORS and isinstance(value, memoryview):
            _tensor(value)


def _tensor(tensor: memoryview, weights: Mapping[str, int] | None = None) -> None:
    place: dict[bytes, bytes] = {}
    external = False
    for number, value in _fields(tensor):
        if number == _TENSOR_EXTERNAL and isinstance(value, memoryview):
            entry = {
                key: bytes(found) for key, found in _fields(value) if not isinstance(found, int)
            }
            place[entry.get(1, b"")] = entry.get(2, b"")
        external |= number == _TENSOR_EXTERNAL or (
            number == _TENSOR_LOCATION and value == _EXTERNAL
        )
    if external and not _inside(place, weights or {}):
        raise ValueError("its weights are in another file")


def _inside(place: Mapping[bytes, bytes], weights: Mapping[str, int]) -> bool:
    """Whether the place of a weight is in one of the files that it may be in."""
    if sorted(place) != sorted(_PLACE_KEYS):
        return False
    file, *numbers = (place[key].decode("utf-8", "replace") for key in _PLACE_KEYS)
    if file not in weights or not all(re.fullmatch("[0-9]{1,12}", number) for number in numbers):
        return False
    return sum(map(int, numbers)) <= weights[file]


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yields the fields of a message: their numbers, and a number or the bytes of each."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
        elif kind == _BYTES:
            size, at = _varint(message, at)
            if size > end - at:
                raise ValueError("it is cut short")
            yield number, message[at : at + size]
            at += size
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError("it is not an ONNX file")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
    raise ValueError("it is not an ONNX file")
