"""The one equation system of the program, a symmetric positive definite one; and the diagonal of a matrix."""

from __future__ import annotations

import numpy as np

from neuro_cnn.backend import Array, namespace, telling_singular


def solve_positive(a: Array, b: Array) -> Array:
    """x with a x = b, for symmetric positive definite a: (D, D), (D, K) -> (D, K).

    Raises LinAlgError when a is not positive definite to working precision.
    """
    xp = namespace(a, b)
    if xp is np:
        from scipy.linalg import cho_factor, cho_solve

        return cho_solve(cho_factor(a, overwrite_a=False, check_finite=False), b, check_finite=False)
    with telling_singular(xp):
        lower = xp.linalg.cholesky(a)
    return xp.linalg.solve(xp.permute_dims(lower, (1, 0)), xp.linalg.solve(lower, b))


def diagonal(a: Array) -> Array:
    """The diagonal of a square matrix, which CuPy has under another name: (D, D) -> (D,)."""
    return namespace(a).reshape(a, (-1,))[:: a.shape[0] + 1]
