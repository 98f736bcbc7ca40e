"""Small corpora of pairs in the folders in which they are published."""

import json

import numpy as np
from PIL import Image

from hearsight.recording.audio import write_audio

NAMES = tuple(f"clip{i}aaaaa_{10 * i:06d}" for i in range(4))


def picture_of(index, size=(40, 30)):
    """A picture, (3, height, width), that no other index has: a square on a gradient."""
    width, height = size
    picture = np.zeros((3, height, width), np.uint8)
    picture[0] = np.linspace(0, 255, width)
    picture[1, : 5 + index, : 5 + index] = 200
    picture[2] = 40 * index
    return picture


def sound_of(index, seconds=1.0, rate=16_000):
    """A tone, (1, samples), that no other index has; 16 bit exactly."""
    time = np.arange(round(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * 200.0 * (index + 1) * time)
    return (np.round(tone * 32768) / 32768).astype(np.float32)[None]


def write_picture(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture.transpose(1, 2, 0)).save(path)


def write_pairs(root, names=NAMES, pictures="frames/{}.png", sounds="audio/{}.wav"):
    """Write a pair for each name, pictures losslessly."""
    for index, name in enumerate(names):
        write_picture(root / pictures.format(name), picture_of(index))
        write_audio(root / sounds.format(name), sound_of(index), 16_000)
    return root


def write_vggss(path, boxes):
    """Write boxes by name in the form of VGG-SS."""
    rows = [{"file": name, "class": "dog", "bbox": some} for name, some in boxes.items()]
    path.write_text(json.dumps(rows))
    return path
