"""Fields that take one of several mappings, or a plain value: the keys of the mapping say which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import GetCoreSchemaHandler, ValidatorFunctionWrapHandler
from pydantic_core import CoreSchema, core_schema

from thermonet.documents.fields import Dimension, Entry, refuse
from thermonet.quantities.inputs import Input


@dataclass(frozen=True)
class Alternatives:
    """Marks a union of entries.

    A union that tries all its members in turn reports the problems of all of them; here a mapping is what its keys
    say, and its problems are those of that one entry.

    Parameters
    ----------
    entries
        Entry by the key that tells it, the first one found being the one that counts.
    plain
        How to read what is none of these, where a plain value will do.
    """

    entries: tuple[tuple[str, type[Entry]], ...]
    plain: Dimension | None = None

    def entry(self, raw: object) -> type[Entry] | None:
        """Find the entry that a mapping's keys tell; None where they tell none."""
        if not isinstance(raw, Mapping):
            return None
        return next((entry for key, entry in self.entries if key in raw), None)

    def read(self, raw: object, _union: ValidatorFunctionWrapHandler) -> object:
        """Mapping or text to the entry or `Input` that it is."""
        if isinstance(raw, (Entry, Input)):
            return raw
        entry = self.entry(raw)
        if entry is not None:
            return entry.model_validate(raw)
        keys = ", ".join(key for key, _ in self.entries)
        if self.plain is not None and (not isinstance(raw, Mapping) or "value" in raw):
            return self.plain.read(raw)
        raise refuse(f"expected {'a value, or ' if self.plain else ''}one of the keys {keys}")

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self.read, handler(source))
