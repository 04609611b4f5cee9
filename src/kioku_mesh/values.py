"""Named tuples as `typing` has them, without what makes those slow to define.

`typing.NamedTuple` compiles a constructor and every annotation of each class, which was a quarter of the start of a
command. This one looks fields up in the annotations and shares one constructor. Type checkers see the original.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class NamedTuple(tuple):
        __slots__ = ()
        _fields: tuple[str, ...] = ()
        _field_defaults: ClassVar[dict[str, Any]] = {}

        def __init_subclass__(cls) -> None:
            cls._fields = cls.__match_args__ = tuple(cls.__annotations__)
            cls._field_defaults = {name: vars(cls)[name] for name in cls._fields if name in vars(cls)}
            for position, name in enumerate(cls._fields):
                setattr(cls, name, property(itemgetter(position)))

        def __new__(cls, *values: Any, **named: Any) -> Any:
            if named or len(values) != len(cls._fields):
                values = cls._bound(values, named)
            return tuple.__new__(cls, values)

        @classmethod
        def _bound(cls, values: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
            fields, defaults = cls._fields, cls._field_defaults
            try:
                rest = [named.pop(name) if name in named else defaults[name] for name in fields[len(values) :]]
            except KeyError as missing:
                raise TypeError(f"{cls.__name__} needs {missing}") from None
            if named or len(values) > len(fields):
                raise TypeError(f"{cls.__name__} takes {fields} once each, not also {sorted(named) or values}")
            return (*values, *rest)

        @classmethod
        def _make(cls, values: Any) -> Any:
            return cls(*values)

        def _replace(self, **changes: Any) -> Any:
            values = tuple(map(changes.pop, self._fields, self))
            if changes:
                raise TypeError(f"{type(self).__name__} has no {sorted(changes)}")
            return tuple.__new__(type(self), values)

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            told = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({told})"


__all__ = ["NamedTuple"]
