"""Trees: mapped, named and filled again."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn.layers import Params
from neuro_cnn.layers.base import Weights
from neuro_cnn.tree import arrays, fill, is_leaf, leaves, rebuilt, tree_map


class Pair(NamedTuple):
    """A branch with two names."""

    first: object
    second: object


NAMES = st.text("abcxyz", min_size=1, max_size=3)
TREES = st.recursive(
    st.integers() | st.none(),
    lambda below: (
        st.lists(below, max_size=3)
        | st.lists(below, max_size=3).map(tuple)
        | st.dictionaries(NAMES, below, max_size=3)
        | st.builds(Pair, below, below)
    ),
    max_leaves=8,
)
PARAMS = {"S1": Params(Weights(np.ones((2, 1)), np.zeros(2)), (np.full(3, 7.0),)), "C1": Params()}


@given(TREES)
def test_filling_a_tree_with_its_own_leaves_gives_the_tree(tree):
    assert fill(tree, dict(leaves(tree))) == tree


@given(TREES)
def test_filling_is_mapping_by_name(tree):
    doubled = {name: 2 * leaf for name, leaf in leaves(tree)}
    assert fill(tree, doubled) == tree_map(lambda leaf: 2 * leaf, tree)
    assert dict(leaves(fill(tree, doubled))) == doubled


@given(TREES)
def test_mapping_keeps_every_branch_and_its_type(tree):
    def branches(node):
        if node is None or is_leaf(node):
            return None if node is None else "leaf"
        parts = node.values() if isinstance(node, dict) else node
        return type(node), tuple(node) if isinstance(node, dict) else None, [branches(part) for part in parts]

    assert branches(tree_map(str, tree)) == branches(tree)


@given(TREES)
def test_mapping_several_trees_meets_their_leaves_in_pairs(tree):
    assert tree_map(lambda a, b: b - a, tree, tree_map(lambda a: a + 5, tree)) == tree_map(lambda _: 5, tree)


def test_leaves_are_named_by_layer_and_array():
    assert [name for name, _ in leaves(PARAMS)] == ["S1.weight", "S1.bias", "S1.0"]


def test_a_layer_may_be_called_learned_or_fixed():
    tree = {"learned": PARAMS["S1"], "fixed": PARAMS["S1"]}
    assert len(dict(leaves(tree))) == len(list(leaves(tree))) == 6


def test_trees_of_different_shape_are_not_mapped_together():
    with pytest.raises(ValueError, match="zip"):
        tree_map(lambda a, b: a, (1, 2), (1,))


def test_filling_without_an_array_names_the_leaf():
    with pytest.raises(KeyError, match=r"S1\.bias"):
        fill(PARAMS, {"S1.weight": 0})


@given(TREES)
def test_arrays_are_the_leaves_in_order_and_rebuild_the_tree(tree):
    assert arrays(tree) == [leaf for _, leaf in leaves(tree)]
    assert rebuilt(tree, iter(arrays(tree))) == tree


def test_arrays_may_come_in_the_order_of_another_tree():
    assert arrays({"A": 1, "B": (2, 3)}, {"B": (0, 0), "A": 0}) == [2, 3, 1]
    with pytest.raises(ValueError, match="zip"):
        arrays((1, 2), (1,))
