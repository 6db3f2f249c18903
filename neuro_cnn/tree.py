"""Trees of arrays: NamedTuples, tuples, dicts and arrays nested in each other, mapped and named for saving."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

Tree = TypeVar("Tree")


def is_leaf(node: Any) -> bool:
    """Whether a node is an array or number rather than a branch."""
    return not isinstance(node, tuple | dict | list)


def tree_map(function: Callable[..., Any], tree: Tree, *others: Any) -> Tree:
    """The tree with function(leaf, leaves of the other trees...) at each leaf; None stays None."""
    if tree is None:
        return tree
    if isinstance(tree, dict):
        return {  # type: ignore[return-value]
            key: tree_map(function, value, *(other[key] for other in others)) for key, value in tree.items()
        }
    if isinstance(tree, tuple | list):
        parts = [tree_map(function, *nodes) for nodes in zip(tree, *others, strict=True)]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return function(tree, *others)  # type: ignore[no-any-return]


def leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Each leaf with its dotted name, such as ("S1.weight", array), in the tree's order.

    The fields `learned` and `fixed` of a layer's params say who may change an array, not what it is, and are
    left out of the name.
    """
    if tree is None:
        return
    items: list[tuple[tuple[str, ...], Any]]
    if isinstance(tree, dict):
        items = [((str(key),), value) for key, value in tree.items()]
    elif hasattr(tree, "_fields"):
        items = [(() if name in ("learned", "fixed") else (name,), getattr(tree, name)) for name in tree._fields]
    elif isinstance(tree, tuple | list):
        items = [((str(index),), value) for index, value in enumerate(tree)]
    else:
        yield ".".join(path), tree
        return
    for name, value in items:
        yield from leaves(value, (*path, *name))


def fill(tree: Tree, arrays: dict[str, Any]) -> Tree:
    """The tree with each leaf replaced by the array of its name: the inverse of dict(leaves(tree)).

    Raises KeyError with the name of a leaf that has no array.
    """
    return rebuilt(tree, iter([arrays[name] for name, _ in leaves(tree)]))


def arrays(tree: Any, like: Any = None) -> list[Any]:
    """The leaves alone, in the order of another tree of the same shape (its own)."""
    found: list[Any] = []
    _gather(tree, tree if like is None else like, found)
    return found


def _gather(tree: Any, like: Any, found: list[Any]) -> None:
    if isinstance(like, tuple | list):
        for branch, other in zip(tree, like, strict=True):
            _gather(branch, other, found)
    elif isinstance(like, dict):
        for key, other in like.items():
            _gather(tree[key], other, found)
    elif like is not None:
        found.append(tree)


def rebuilt(tree: Tree, parts: Iterator[Any]) -> Tree:
    """The tree with the next of the parts at each leaf: the inverse of `arrays`."""
    if isinstance(tree, dict):
        return {key: rebuilt(branch, parts) for key, branch in tree.items()}  # type: ignore[return-value]
    if isinstance(tree, tuple | list):
        branches = [rebuilt(branch, parts) for branch in tree]
        return type(tree)(*branches) if hasattr(tree, "_fields") else type(tree)(branches)
    return tree if tree is None else next(parts)
