"""What Azimuth writes is read by Python's own packages, and is what they would write (test/fixtures/formats/azimuth)."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader, GGUFWriter
from safetensors import safe_open
from safetensors.numpy import load_file, save

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = ROOT / "test" / "fixtures" / "formats" / "azimuth"
KINDS = [(kind, order, endian) for kind in ("f2", "f4", "f8") for order in ("c", "fortran") for endian in ("little", "big")]
LAYERS, WIDTH = (1, 2, 5), 6


def eighths(*shape: int) -> np.ndarray:
    """Eighths from -2 on: the same number in every float type."""
    return (np.arange(np.prod(shape)) / 8 - 2).reshape(shape).astype(np.float32)


def unit(layer: int) -> np.ndarray:
    """The sample direction of a layer."""
    vector = np.zeros(WIDTH, np.float32)
    vector[0], vector[layer] = -0.8, 0.6
    return vector


def document(name: str) -> dict:
    return json.loads((FILES / name).read_text())


def gguf_bytes(tmp_path: Path, architecture: str, values: dict, tensors: dict) -> bytes:
    """The same file by the gguf package."""
    writer = GGUFWriter(tmp_path / "file.gguf", architecture)
    for key, value in values.items():
        (writer.add_string if isinstance(value, str) else writer.add_uint32)(key, value)
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return (tmp_path / "file.gguf").read_bytes()


@pytest.mark.parametrize(("kind", "order", "endian"), KINDS)
def test_npy(kind: str, order: str, endian: str) -> None:
    path = FILES / f"array-{kind}-{order}-{endian}.npy"
    array = np.load(path)
    assert array.dtype == np.dtype(f"{'<' if endian == 'little' else '>'}{kind}")
    assert array.flags.fnc == (order == "fortran")
    np.testing.assert_array_equal(array, eighths(2, 3, 4))
    again = io.BytesIO()
    np.save(again, array)
    assert again.getvalue() == path.read_bytes()


def test_safetensors_is_byte_for_byte_what_the_package_writes() -> None:
    written = save({"a": eighths(3), "b": eighths(2, 2)}, {"note": 'µ "quoted"'})
    assert (FILES / "plain.safetensors").read_bytes() == written


def test_gguf_is_byte_for_byte_what_the_package_writes(tmp_path: Path) -> None:
    tensors = {"first": eighths(3), "second": eighths(9)}
    assert (FILES / "container.gguf").read_bytes() == gguf_bytes(tmp_path, "example", {"example.count": 7}, tensors)


def test_hidden_states() -> None:
    tensors = load_file(FILES / "hidden.safetensors")
    assert tensors["hidden"].dtype == np.float32
    np.testing.assert_array_equal(tensors["hidden"], eighths(2, 3, WIDTH))
    np.testing.assert_array_equal(tensors["prompt"], np.array([0, 0, 1], np.int64))
    with safe_open(FILES / "hidden.safetensors", "np") as file:
        metadata = file.metadata()
    assert (metadata["format"], metadata["version"], metadata["position"]) == ("azimuth.hidden-states", "1", "every")
    assert json.loads(metadata["model"]) == {"id": "hub:example/tiny@main", "sha256": "5a" * 32, "dtype": "q4", "adapter": None}
    np.testing.assert_array_equal(np.load(FILES / "hidden.npy"), tensors["hidden"])
    assert document("hidden.json")["prompt"] == [0, 0, 1]
    assert document("hidden-whole.json")["hidden"] == tensors["hidden"].ravel().tolist()


def test_directions() -> None:
    tensors = load_file(FILES / "directions.safetensors")
    assert sorted(tensors) == [f"direction.{layer}" for layer in LAYERS]
    for layer in LAYERS:
        np.testing.assert_array_equal(tensors[f"direction.{layer}"], unit(layer))
    with safe_open(FILES / "directions.safetensors", "np") as file:
        metadata = file.metadata()
    facts = json.loads(metadata["directions"])
    assert [(one["layer"], one["norm"], one["positive"]) for one in facts] == [(layer, layer + 1, 125) for layer in LAYERS]
    assert document("directions.json")["directions"] == facts
    np.testing.assert_array_equal(np.load(FILES / "directions.npy"), [unit(layer) for layer in LAYERS])
    whole = document("directions-whole.json")
    assert whole["model"] == json.loads(metadata["model"])
    np.testing.assert_array_equal(np.float32([one["vector"] for one in whole["directions"]]), [unit(layer) for layer in LAYERS])


def test_control_vector_holds_gap_times_unit_vector(tmp_path: Path) -> None:
    reader = GGUFReader(FILES / "directions.gguf")
    values = {key: reader.fields[key].contents() for key in reader.fields if not key.startswith("GGUF.")}
    assert values["general.architecture"] == "controlvector"
    assert (values["controlvector.model_hint"], values["controlvector.layer_count"]) == ("llama", 3)
    assert json.loads(values["azimuth.directions"]) == document("directions.json")
    tensors = {tensor.name: np.array(tensor.data) for tensor in reader.tensors}
    assert list(tensors) == [f"direction.{layer}" for layer in LAYERS]
    for layer in LAYERS:
        gap = layer + 1
        np.testing.assert_allclose(tensors[f"direction.{layer}"], gap * unit(layer), rtol=1e-7)
    del values["general.architecture"]
    assert (FILES / "directions.gguf").read_bytes() == gguf_bytes(tmp_path, "controlvector", values, tensors)
