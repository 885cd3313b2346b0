"""Rotations of the cap: the signals at rotated sensor positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from eegaug import functional
from eegaug.functional.operators import Operators
from eegaug.montage import centre, on_sphere
from eegaug.strength import Strength, as_strength
from eegaug.transforms.draws import uniform
from eegaug.transforms.transform import Transform, check_channels


class SensorsRotation(Transform):
    r"""Rotate the cap about an axis: interpolate the signals at rotated sensor positions.

    .. math:: x' = \big(I + W(\theta) - W(0)\big)\,x, \qquad
       \theta \sim U(-1, 1)\,\theta_{\max},

    with :math:`W(\theta)` the weights of spherical splines from the sensors to their rotated
    positions. Subtracting :math:`W(0)` makes zero degrees the exact identity, from which
    regularised splines deviate slightly.

    Parameters
    ----------
    positions : array-like
        Sensor positions relative to the head's centre, shape (channels, 3): x to the right, y
        to the front, z up.
    axis : {"x", "y", "z"}
        Axis of the rotation: x for nodding, y for tilting to the side, z for turning the head.
    max_degrees : float or Strength
        Largest angle (degrees); a number initialises a learnable strength from 0 to 30 degrees.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the positions do not lie on a sphere or do not match the signals' channels, or ``axis``
        is not "x", "y" or "z".

    References
    ----------
    Krell and Kim, *Rotational data augmentation for electroencephalographic data*, EMBC 2017.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> positions = torch.nn.functional.normalize(torch.randn(6, 3), dim=1)
    >>> SensorsRotation(positions, "z", max_degrees=15)(torch.randn(8, 6, 100)).shape
    torch.Size([8, 6, 100])
    """

    cosines: Tensor
    sines: Tensor

    def __init__(
        self,
        positions: Any,
        axis: str = "z",
        max_degrees: float | Strength = 15.0,
        *,
        p: float | Strength = 1.0,
    ) -> None:
        super().__init__(p=p)
        if axis not in ("x", "y", "z"):
            raise ValueError(f"Parameter `axis` should be 'x', 'y' or 'z'. Found {axis!r}.")
        self.axis = axis
        self.max_degrees = as_strength("max_degrees", max_degrees, high=30.0, unit="degrees")
        series = functional.rotation_series(on_sphere(positions), "xyz".index(axis))
        for name, part in zip(("cosines", "sines"), series, strict=True):
            part = part[1:].to(torch.get_default_dtype())
            self.register_buffer(name, part.flatten(1), persistent=False)
        self.n_channels = len(positions)

    @classmethod
    def from_montage(cls, montage: Any, ch_names: Sequence[str], **kwargs: Any) -> Self:
        """Build the transform for channels of a montage.

        Parameters
        ----------
        montage : mne.channels.DigMontage
            Positions by name, such as those of ``mne.channels.make_standard_montage``.
        ch_names : sequence of str
            Channels, in the order of the signals.
        **kwargs
            Further arguments of the transform.

        Returns
        -------
        Transform
            A transform of this class, with positions relative to the centre of the whole montage.

        Raises
        ------
        TypeError
            If ``montage`` is not a montage.
        ValueError
            If the montage lacks some of the channels.
        """
        if not hasattr(montage, "get_positions"):
            raise TypeError(
                "Argument `montage` should be a DigMontage, as mne.channels.make_standard_montage"
                f" returns it. Found {type(montage).__name__}."
            )
        known = montage.get_positions()["ch_pos"]
        unknown = [name for name in ch_names if name not in known]
        if unknown:
            raise ValueError(f"Channel names should be in the montage. Found {unknown}.")
        cap = {name: [float(number) for number in place] for name, place in known.items()}
        positions = torch.tensor([cap[name] for name in ch_names], dtype=torch.float64)
        middle = centre(torch.tensor(list(cap.values()), dtype=torch.float64))
        return cls(positions=positions - middle, **kwargs)

    def noise(self, x: Tensor, generator: torch.Generator | None = None) -> Any:
        """Draw the angle relative to the largest, U(-1, 1)."""
        return uniform(x, len(x), low=-1.0, generator=generator)

    def step(self, x: Tensor, noise: Any) -> Operators:
        """Return the weights at the angle, less those at zero."""
        check_channels(self.n_channels, x)
        cosines, sines = self.cosines.to(x.dtype), self.sines.to(x.dtype)
        degree = torch.arange(1, len(cosines) + 1, device=x.device, dtype=x.dtype)
        angle = torch.deg2rad(self.max_degrees() * noise)[:, None] * degree
        change = (torch.cos(angle) - 1) @ cosines + torch.sin(angle) @ sines
        return Operators(matrix=change.unflatten(1, (self.n_channels, self.n_channels)))

    def extra_repr(self) -> str:
        """Show the axis."""
        return f"axis={self.axis!r}"


class _AxisRotation(SensorsRotation):
    """Base of rotations about an axis given by the class."""

    AXIS: ClassVar[str]

    def __init__(
        self, positions: Any, max_degrees: float | Strength = 15.0, *, p: float | Strength = 1.0
    ) -> None:
        super().__init__(positions, self.AXIS, max_degrees, p=p)


class SensorsXRotation(_AxisRotation):
    r"""Rotate the cap about the axis from left to right, as in nodding.

    .. math:: x' = \big(I + W(R_x(\theta)) - W(I)\big)\,x, \qquad
       \theta \sim U(-1, 1)\,\theta_{\max},

    with :math:`R_x` the rotation and :math:`W` the weights of spherical splines, as
    in :class:`SensorsRotation`.

    Parameters
    ----------
    positions : array-like
        Sensor positions relative to the head's centre, shape (channels, 3).
    max_degrees : float or Strength
        Largest angle (degrees); a number initialises a learnable strength from 0 to 30 degrees.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the positions do not lie on a sphere, or do not match the signals' channels.

    References
    ----------
    Krell and Kim, *Rotational data augmentation for electroencephalographic data*, EMBC 2017.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> positions = torch.nn.functional.normalize(torch.randn(6, 3), dim=1)
    >>> SensorsXRotation(positions, max_degrees=15)(torch.randn(8, 6, 100)).shape
    torch.Size([8, 6, 100])
    """

    AXIS = "x"


class SensorsYRotation(_AxisRotation):
    r"""Rotate the cap about the axis from back to front, as in tilting the head.

    .. math:: x' = \big(I + W(R_y(\theta)) - W(I)\big)\,x, \qquad
       \theta \sim U(-1, 1)\,\theta_{\max},

    with :math:`R_y` the rotation and :math:`W` the weights of spherical splines, as
    in :class:`SensorsRotation`.

    Parameters
    ----------
    positions : array-like
        Sensor positions relative to the head's centre, shape (channels, 3).
    max_degrees : float or Strength
        Largest angle (degrees); a number initialises a learnable strength from 0 to 30 degrees.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the positions do not lie on a sphere, or do not match the signals' channels.

    References
    ----------
    Krell and Kim, *Rotational data augmentation for electroencephalographic data*, EMBC 2017.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> positions = torch.nn.functional.normalize(torch.randn(6, 3), dim=1)
    >>> SensorsYRotation(positions, max_degrees=15)(torch.randn(8, 6, 100)).shape
    torch.Size([8, 6, 100])
    """

    AXIS = "y"


class SensorsZRotation(_AxisRotation):
    r"""Rotate the cap about the vertical axis, as in turning the head.

    .. math:: x' = \big(I + W(R_z(\theta)) - W(I)\big)\,x, \qquad
       \theta \sim U(-1, 1)\,\theta_{\max},

    with :math:`R_z` the rotation and :math:`W` the weights of spherical splines, as
    in :class:`SensorsRotation`.

    Parameters
    ----------
    positions : array-like
        Sensor positions relative to the head's centre, shape (channels, 3).
    max_degrees : float or Strength
        Largest angle (degrees); a number initialises a learnable strength from 0 to 30 degrees.
    p : float or Strength
        Probability that a trial is transformed.

    Raises
    ------
    ValueError
        If the positions do not lie on a sphere, or do not match the signals' channels.

    References
    ----------
    Krell and Kim, *Rotational data augmentation for electroencephalographic data*, EMBC 2017.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> positions = torch.nn.functional.normalize(torch.randn(6, 3), dim=1)
    >>> SensorsZRotation(positions, max_degrees=15)(torch.randn(8, 6, 100)).shape
    torch.Size([8, 6, 100])
    """

    AXIS = "z"
