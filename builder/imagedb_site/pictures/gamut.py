"""Colour spaces that a file names by numbers instead of a profile (CICP, ITU-T H.273; PNG's gAMA and cHRM).

Such a space becomes a small ICC profile, so that one engine converts all colours. Pictures of high dynamic
range (PQ and HLG) are brought to sRGB here, as Chromium does: the light of diffuse white, 203 cd/m2, becomes
half of the light of the screen's white; everything above is compressed so that 1,000 cd/m2 is white.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]

_D65, _C, _DCI = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351)
_PRIMARIES: dict[int, tuple[float, ...]] = {
    1: (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, *_D65),
    4: (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, *_C),
    5: (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *_D65),
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    7: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    8: (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, *_C),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_DCI),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),
}
_SRGB, _BT2020 = _PRIMARIES[1], _PRIMARIES[9]
_AS_SRGB = frozenset({1, 2, 6, 13, 14, 15})
"""Transfers shown with the curve of sRGB: that of video cameras is meant to be seen so."""
_GAMMA = {4: 2.2, 5: 2.8, 8: 1.0}
_PQ, _HLG, _SMPTE240 = 16, 18, 7
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_D50_XYZ = np.array([0.9642, 1.0, 0.8249])
_WHITE_NITS, _PEAK_NITS = 203.0, 1000.0
_STRIP = 1 << 20


@dataclass(frozen=True)
class ColourSpace:
    """`primaries`: x and y of red, green, blue and white. `gamma`: the exponent of the light, or None for
    the curve of `transfer`, a number of H.273."""

    primaries: tuple[float, ...]
    transfer: int = 13
    gamma: float | None = None

    @property
    def is_srgb(self) -> bool:
        return self.primaries == _SRGB and self.gamma is None and self.transfer in _AS_SRGB

    @property
    def is_bright(self) -> bool:
        """Whether the range is high, so that `to_standard_range` has to be used."""
        return self.gamma is None and self.transfer in (_PQ, _HLG)

    @cached_property
    def to_xyz(self) -> Floats:
        """Linear RGB to XYZ, adapted to D50: float64 [3, 3]."""
        x, y = np.array(self.primaries[0::2]), np.array(self.primaries[1::2])
        points = np.stack([x / y, np.ones(4), (1 - x - y) / y])
        white = points[:, 3]
        scaled = points[:, :3] * np.linalg.solve(points[:, :3], white)
        cones = (_BRADFORD @ _D50_XYZ) / (_BRADFORD @ white)
        adapted: Floats = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ scaled
        return adapted

    @cached_property
    def profile(self) -> bytes:
        """An ICC profile (version 4) of the space."""
        curve = self._curve()
        columns = [
            b"XYZ \0\0\0\0" + b"".join(_fixed(value) for value in column)
            for column in self.to_xyz.T
        ]
        white = b"XYZ \0\0\0\0" + b"".join(_fixed(value) for value in _D50_XYZ)
        text = b"mluc\0\0\0\0" + struct.pack(">IIHHII", 1, 12, 0x656E, 0x5553, 4, 28)
        tags = [(b"desc", text + b"\0R\0G"), (b"wtpt", white)]
        tags += zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
        tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
        at, table, content = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
        for name, body in tags:
            body += bytes(-len(body) % 4)
            table += name + struct.pack(">II", at + len(content), len(body))
            content += body
        header = struct.pack(
            ">I4xI4s4s4s", at + len(content), 0x04300000, b"mntr", b"RGB ", b"XYZ "
        )
        header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
        header += b"".join(_fixed(value) for value in _D50_XYZ)
        return header.ljust(128, b"\0") + table + content

    def _curve(self) -> bytes:
        gamma = self.gamma if self.gamma is not None else _GAMMA.get(self.transfer)
        if gamma is not None:
            return b"para\0\0\0\0" + struct.pack(">HH", 0, 0) + _fixed(min(gamma, 30000.0))
        if self.transfer == _SMPTE240:
            parameters = (1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0912)
        else:
            parameters = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
        return b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + b"".join(map(_fixed, parameters))


def from_cicp(primaries: int, transfer: int) -> ColourSpace | None:
    """The space of two numbers of H.273; None if either is not known to be one that pictures use."""
    found = _PRIMARIES.get(1 if primaries == 2 else primaries)
    if found is None or not (
        transfer in _AS_SRGB or transfer in _GAMMA or transfer in (_PQ, _HLG, _SMPTE240)
    ):
        return None
    return ColourSpace(found, transfer)


def from_png(gamma: int | None, chromaticities: tuple[int, ...] | None) -> ColourSpace | None:
    """The space of PNG's gAMA and cHRM, in 1/100,000. Chromaticities alone say nothing, as in browsers."""
    if not gamma:
        return None
    if chromaticities is None:
        # 1/2.2 is how sRGB is written by programs that know no better.
        return None if gamma == 45_455 else ColourSpace(_SRGB, gamma=100_000 / gamma)
    white, colours = chromaticities[:2], chromaticities[2:]
    space = ColourSpace(tuple(v / 100_000 for v in (*colours, *white)), gamma=100_000 / gamma)
    x, y = space.primaries[0::2], space.primaries[1::2]
    triangle = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
    return space if min(y) > 0.001 and max(x + y) <= 1 and abs(triangle) > 0.001 else None


def to_standard_range(image: Image.Image, space: ColourSpace) -> Image.Image:
    """Brings an RGB picture of high range to sRGB, in strips, so that the memory is bounded."""
    codes = np.arange(256) / 255
    light = (_pq(codes) if space.transfer == _PQ else _hlg(codes)).astype(np.float32)
    to_wide = _between(space.primaries, _BT2020)
    to_srgb = _between(_BT2020, _SRGB)
    pixels = np.asarray(image)
    result = np.empty_like(pixels)
    rows = max(1, _STRIP // max(1, image.width))
    for top in range(0, len(pixels), rows):
        linear = light[pixels[top : top + rows]] @ to_wide.T
        if space.transfer == _HLG:
            bright = np.maximum(linear @ np.array([0.2627, 0.6780, 0.0593], np.float32), 0)
            linear *= (bright**0.2)[..., None] * np.float32(_PEAK_NITS / _WHITE_NITS)
        largest = np.maximum(linear.max(axis=-1, keepdims=True), np.float32(1e-6))
        linear *= _compressed(largest) / largest
        result[top : top + rows] = _encoded(linear @ to_srgb.T)
    return Image.fromarray(result)


def _pq(codes: Floats) -> Floats:
    power = codes ** (32 / 2523)
    light = np.maximum(power - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * power)
    nits: Floats = 10_000 * light ** (16384 / 2610)
    return nits / _WHITE_NITS


def _hlg(codes: Floats) -> Floats:
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene: Floats = np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)
    return scene


def _compressed(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Half of the light up to diffuse white (1), then a curve that ends at 1 for the peak.

    A quadratic Bézier curve, fitted to what Chromium 156 shows: it is within one step of 255.
    """
    peak, slope = _PEAK_NITS / _WHITE_NITS, 0.05
    bend = (1 - slope * peak) / (0.5 - slope)
    a, b = 1 - 2 * bend + peak, 2 * (bend - 1)
    t = (-b + np.sqrt(np.maximum(b * b - 4 * a * (1 - light), 0))) / (2 * a)
    curve = (1 - t) ** 2 * 0.5 + t * (1 - t) * bend + t * t
    shown: NDArray[np.float32] = np.where(
        light <= 1, light * 0.5, np.where(light >= peak, 1, curve)
    ).astype(np.float32)
    return shown


def _between(source: tuple[float, ...], target: tuple[float, ...]) -> NDArray[np.float32]:
    matrix = np.linalg.solve(ColourSpace(target).to_xyz, ColourSpace(source).to_xyz)
    return matrix.astype(np.float32)


def _encoded(linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    linear = np.clip(linear, 0, 1)
    curve = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (curve * 255 + 0.5).astype(np.uint8)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(float(value) * 65_536))
