"""Batches of thumbnails made in threads, each of which malloc gives an arena of its own."""

import io
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

picture = io.BytesIO()
Image.effect_noise((400, 300), 50).convert("RGB").save(picture, "JPEG")
PICTURE = picture.getvalue()


def thumbnail(data):
    with Image.open(io.BytesIO(data)) as image:
        image.thumbnail((64, 64))
        out = io.BytesIO()
        image.save(out, "PNG")
    return len(out.getvalue())


def call():
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(thumbnail, [PICTURE] * 8))
