"""From a file to a body document that can be built: what its materials, its drawing and its mesh file lack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from thermonet.documents.body.drawn import DrawnDocument
from thermonet.documents.kinds import BodyDocument, body_schema, kind_of
from thermonet.documents.located import LocatedDocument, load, with_settings
from thermonet.documents.reader import validated
from thermonet.materials.library import Materials, inconsistencies, unknown_material
from thermonet.quantities.errors import DataError, DocumentError
from thermonet.quantities.inputs import Input
from thermonet.studies.bodies.faults import drawing_problems
from thermonet.studies.bodies.mesh_file import mesh_file_problems, mesh_from_file


def read_body(file: Path | str, settings: tuple[str, ...] = ()) -> BodyDocument:
    """Read and validate a body document, its materials, drawing and mesh file included.

    Parameters
    ----------
    file
        YAML document; the mesh file that it names is looked for beside it.
    settings
        Edits as ``path=value`` texts.

    Raises
    ------
    DocumentError
        With every problem found; `DataError` for a mesh file that cannot be used.
    """
    located = with_settings(load(file), settings)
    kind_of(located, ("body",))
    return valid_body(located, Path(file).parent)


def valid_body(located: LocatedDocument, folder: Path) -> BodyDocument:
    """Validate a body document; from here on its mesh file is named by its whole path.

    Parameters
    ----------
    located
        The document as it was written.
    folder
        Where its mesh file is looked for.

    Raises
    ------
    DocumentError
        With every problem found; `DataError` for a mesh file that cannot be used.
    """
    document = validated(located, body_schema(located), also=body_problems)
    if not isinstance(document, DrawnDocument) or document.mesh is None:
        return document
    file = document.mesh.model_copy(update={"file": str(folder / document.mesh.file)})
    found = document.model_copy(update={"mesh": file})
    try:
        mesh = mesh_from_file(found)
    except DataError as error:
        place, name = located.place("mesh.file"), document.mesh.file
        problems = [place.problem("mesh.file", f"{name} {problem.message}") for problem in error.problems]
        raise DataError(problems) from None
    missing = list(mesh_file_problems(found, mesh))
    if missing:
        raise DocumentError([located.place(path).problem(path, message) for path, message in missing])
    return found


def body_problems(document: BodyDocument) -> Iterator[tuple[str, str]]:
    """(path, message) for every material that a body names wrongly, and for all that cannot be drawn."""
    parts = "regions" if isinstance(document, DrawnDocument) else "layers"
    names = ", ".join(document.regions if isinstance(document, DrawnDocument) else document.layers)
    for path, message in inconsistencies(document.materials, between_materials(document)):
        yield path, f"{message}; or two of the {parts} {names}" if path.startswith("interfaces.") else message
    materials = Materials(document.materials, {})
    for path, name in _materials_named(document):
        if name not in materials:
            yield path, unknown_material(name)
    if isinstance(document, DrawnDocument) and document.mesh is None:
        yield from drawing_problems(document)


def between_materials(document: BodyDocument) -> dict[str, Input]:
    """Interfaces that name materials or families; those that name two layers or regions come first, elsewhere."""
    if isinstance(document, DrawnDocument):
        stated = {key: value for key, value in document.interfaces.items() if isinstance(value, Input)}
        return {key: value for key, value in stated.items() if not document.is_between_regions(key)}
    return {key: value for key, value in document.interfaces.items() if not document.is_between_layers(key)}


def _materials_named(document: BodyDocument) -> Iterator[tuple[str, str]]:
    """Path and name of every material that a layer or region is made of."""
    if not isinstance(document, DrawnDocument):
        named = {f"layers.{name}": layer.material for name, layer in document.layers.items()}
    else:
        named = {f"regions.{name}": region.material for name, region in document.regions.items()}
        for name, region in document.regions.items():
            named |= {f"regions.{name}.layers.{key}": layer.material for key, layer in (region.layers or {}).items()}
    yield from ((f"{path}.material", material) for path, material in named.items() if material is not None)
