"""Takes TensorFlow's C library and its headers out of a wheel: unpack_wheel.py WHEEL FOLDER."""

import pathlib
import shutil
import sys
import zipfile

LIBRARIES = ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
INCLUDE = "tensorflow/include/"
# What tensorflow/c/eager/c_api.h includes, itself and through others.
HEADERS = ("tensorflow/c/", "tensorflow/core/platform/ctstring", "tsl/c/", "tsl/platform/ctstring")


def place(member: str) -> str | None:
    """Where a file of the wheel goes, if anywhere."""
    if member in LIBRARIES:
        return "lib/" + member.rpartition("/")[2]
    if member.startswith(INCLUDE) and member.endswith(".h") and member[len(INCLUDE) :].startswith(HEADERS):
        return "include/" + member[len(INCLUDE) :]
    return None


def main(wheel: str, folder: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        missing = set(LIBRARIES).difference(archive.namelist())
        if missing:
            sys.exit(f"{wheel} has no {', '.join(sorted(missing))}")
        for member in archive.namelist():
            to = place(member)
            if to is None:
                continue
            path = pathlib.Path(folder, to)
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 22)


main(*sys.argv[1:])
