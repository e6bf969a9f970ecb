import numpy as np
import pytest

from steelyard.stats.products import SIDE, product


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 200, 5), (SIDE, SIDE, SIDE), (131, 70, 257), (0, 4, 2), (4, 0, 2)])
def test_a_product_by_pieces_is_the_product(shape):
    n, k, m = shape
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(n, k)), rng.normal(size=(k, m))
    np.testing.assert_allclose(product(a, b), a @ b, rtol=1e-12, atol=1e-12)


def test_transposed_matrices_are_taken_as_they_are():
    a = np.random.default_rng(4).normal(size=(150, 90))
    np.testing.assert_allclose(product(a.T, a), a.T @ a, rtol=1e-12, atol=1e-12)
