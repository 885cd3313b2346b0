"""Spherical splines: interpolation of the potential between sensors."""

from __future__ import annotations

import torch
from torch import Tensor

#: Number of terms of the Legendre series, as in MNE-Python.
TERMS = 50
#: Exponent of the series: the higher, the smoother the spline.
STIFFNESS = 4
#: Added to the diagonal, so that the system stays well-conditioned for sensors close together.
REGULARISATION = 1e-5


def interpolation_matrix(positions: Tensor, targets: Tensor) -> Tensor:
    r"""Return the weights of spherical splines from sensors to other places on the sphere.

    .. math:: W = \begin{pmatrix} G(t, s) & 1 \end{pmatrix}
       \begin{pmatrix} G(s, s) + \lambda I & 1 \\ 1^T & 0 \end{pmatrix}^{-1},\qquad
       G(a, b) = \sum_{n=1}^{50} \frac{2n + 1}{4 \pi\, n^4 (n + 1)^4}\, P_n(a \cdot b),

    without the last column, with :math:`P_n` the Legendre polynomials and
    :math:`\lambda = 10^{-5}`.

    Parameters
    ----------
    positions : Tensor
        Unit vectors of the sensors, shape (sensors, 3).
    targets : Tensor
        Unit vectors of the places, shape (..., places, 3).

    Returns
    -------
    Tensor
        Weights, shape (..., places, sensors); the weights of each place sum to one.

    References
    ----------
    Perrin et al., *Spherical splines for scalp potential and current density mapping*,
    Electroencephalography and Clinical Neurophysiology, 1989.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=torch.float64)
    >>> interpolation_matrix(x, x).round(decimals=2).abs()
    tensor([[1., 0., 0.],
            [0., 1., 0.],
            [0., 0., 1.]], dtype=torch.float64)
    """
    n_sensors = len(positions)
    system = positions.new_ones(n_sensors + 1, n_sensors + 1)
    system[-1, -1] = 0
    system[:-1, :-1] = _kernel(positions @ positions.T)
    system[:-1, :-1] += REGULARISATION * torch.eye(n_sensors, dtype=positions.dtype)
    kernel = _kernel(targets @ positions.T)
    kernel = torch.cat([kernel, torch.ones_like(kernel[..., :1])], -1)
    return torch.linalg.solve(system, kernel, left=False)[..., :-1]


def rotation_series(positions: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    r"""Return the spline weights of sensors rotated about an axis, as a series in the angle.

    A Legendre polynomial of degree :math:`n` turned by :math:`\theta` is a trigonometric
    polynomial of that degree, so

    .. math:: W(\theta) = \sum_{m=0}^{50} A_m \cos m\theta + B_m \sin m\theta

    holds exactly: one matrix product gives the weights of a whole batch of angles.

    Parameters
    ----------
    positions : Tensor
        Unit vectors of the sensors, shape (sensors, 3).
    axis : int
        Axis of the rotation: 0, 1 or 2.

    Returns
    -------
    tuple of Tensor
        :math:`A` and :math:`B`, shape (51, sensors, sensors) each.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]], dtype=torch.float64)
    >>> cosines, sines = rotation_series(x, axis=2)
    >>> bool((cosines.sum(0) - interpolation_matrix(x, x)).abs().max() < 1e-9)
    True
    """
    n_angles = 2 * TERMS + 1
    angles = 2 * torch.pi * torch.arange(n_angles, dtype=positions.dtype) / n_angles
    turned = positions @ _rotations(angles, axis).mT
    series = torch.fft.rfft(interpolation_matrix(positions, turned), dim=0) / n_angles
    series[1:] *= 2
    return series.real, -series.imag


def _rotations(angles: Tensor, axis: int) -> Tensor:
    """Return the matrices of rotations about an axis, shape (angles, 3, 3)."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    rotations = torch.eye(3, dtype=angles.dtype).repeat(len(angles), 1, 1)
    rotations[:, first, first] = rotations[:, second, second] = torch.cos(angles)
    rotations[:, second, first] = torch.sin(angles)
    rotations[:, first, second] = -torch.sin(angles)
    return rotations


def _kernel(cosines: Tensor) -> Tensor:
    """Sum the Legendre series, at cosines of the angles between places."""
    before, legendre = torch.ones_like(cosines), cosines
    total = torch.zeros_like(cosines)
    for n in range(1, TERMS + 1):
        factor = (2 * n + 1) / (4 * torch.pi * n**STIFFNESS * (n + 1) ** STIFFNESS)
        total = total + factor * legendre
        following = ((2 * n + 1) * cosines * legendre - n * before) / (n + 1)
        before, legendre = legendre, following
    return total
