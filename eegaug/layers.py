"""Layers of augmentations: a weighted choice of transforms, and a sequence."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from eegaug import functional
from eegaug.functional.fusing import Product
from eegaug.functional.operators import Operators, times
from eegaug.strength import Strength
from eegaug.transforms.augmentation import Augmentation
from eegaug.transforms.batch import BatchTransform
from eegaug.transforms.contexts import in_graph
from eegaug.transforms.draws import Choices, Noise, map_noise, stratified
from eegaug.transforms.forms import fuses, sizes_of
from eegaug.transforms.transform import Transform
from eegaug.validation import check_flag, check_positive, found


class AugmentationLayer(Augmentation):
    r"""Learn which of several transforms to use, and how far each reaches.

    The weights are :math:`w = \operatorname{softmax}(\text{logits} / T)`. In training the output is
    the mixture :math:`\sum_i w_i T_i(x)`; in evaluation each trial is transformed by one
    :math:`T_i`, drawn with probability :math:`w_i`, where the published layer draws one for the
    whole batch. A mixture costs one application per linear form, rather than one per transform, and
    one draw of white noise; on a processor a choice costs one transform per trial.

    Parameters
    ----------
    transforms : iterable of Transform
        Candidates.
    temperature : float
        Temperature :math:`T` of the softmax; the lower it is, the sooner one candidate dominates.
    mixture : bool
        Whether training uses the mixture (AugNet) or, as evaluation does, one transform per
        trial with a straight-through gradient for the weights.

    Raises
    ------
    TypeError
        If a candidate is not a :class:`~eegaug.Transform`, or overrides ``augment``, as a crop
        does, or ``mixture`` is not a bool.
    ValueError
        If there are no candidates, or the temperature is not positive.

    References
    ----------
    Rommel et al., *Deep invariant networks with differentiable augmentation layers*,
    NeurIPS 2022, arXiv 2202.02142.

    Examples
    --------
    >>> from eegaug import FrequencyShift, SignFlip
    >>> _ = torch.manual_seed(0)
    >>> layer = AugmentationLayer([FrequencyShift(sfreq=100), SignFlip()])
    >>> layer(torch.randn(8, 2, 300)).shape
    torch.Size([8, 2, 300])
    >>> layer.weights
    tensor([0.5000, 0.5000], grad_fn=<SoftmaxBackward0>)
    """

    transforms: Sequence[Transform]
    logits: nn.Parameter

    def __init__(
        self,
        transforms: Iterable[Transform],
        temperature: float = 1.0,
        mixture: bool = True,
    ) -> None:
        super().__init__()
        self.transforms = _module_list(transforms, Transform)
        for transform in self.transforms:
            if type(transform).augment is not Transform.augment:
                raise TypeError(
                    "Each candidate should inherit `augment` from Transform, so that its step can"
                    f" be added to others. Found {type(transform).__name__}."
                )
        check_positive("temperature", temperature)
        check_flag("mixture", mixture)
        self.temperature = float(temperature)
        self.mixture = mixture
        self.logits = nn.Parameter(torch.zeros(len(self.transforms)))

    @property
    def weights(self) -> Tensor:
        """Weights of the transforms, shape (transforms,), sum 1."""
        return torch.softmax(self.logits / self.temperature, 0)

    def draw(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Return the draws for the choice of a transform and for every transform."""
        choice = stratified(x, len(x), generator=generator)
        draws: list[Noise] = []
        shared: dict[object, Noise] = {}
        for transform in self.transforms:
            kind: object = type(transform).noise if transform.shares_noise else transform
            if kind not in shared:
                shared[kind] = transform.noise(x, generator)
            draws.append((transform.gate(x, generator), shared[kind]))
        return choice, tuple(draws)

    def all_choices(self, noise: Noise) -> Iterator[tuple[Choices, Strength]]:
        """Yield the choices of every transform; the choice among them has its own gradient."""
        _, draws = _choice_and_draws(noise)
        for transform, draw in zip(self.transforms, draws, strict=True):
            yield from transform.all_choices(draw)

    def augment(self, x: Tensor, noise: Noise) -> Tensor:
        """Map signals (batch, channels, times) deterministically."""
        choice, draws = _choice_and_draws(noise)
        if self.training and self.mixture:
            shares = self.weights.to(x.dtype)
        else:
            shares = functional.categorical(choice, self.weights)
            # elsewhere, counting the trials of each candidate would wait for the device
            if x.is_cpu and not shares.requires_grad and not in_graph():
                return self._each_by_its_own(x, shares.argmax(1), draws)
        # Operators of the same form and shape are summed first: broadcast sums are larger.
        sums: dict[tuple[str, tuple[bool, ...]], Tensor] = {}
        for transform, draw, share in zip(self.transforms, draws, shares.unbind(-1), strict=True):
            for form, part in transform.operators(x, draw, share).items():
                key = form, tuple([size == 1 for size in part.shape])
                sums[key] = sums[key] + part if key in sums else part
        total: dict[str, Tensor] = {}
        for (form, _), part in sums.items():
            total[form] = total[form] + part if form in total else part
        return functional.apply(x, Operators(**total))

    def augment_alike(self, x: Tensor, noise: Noise) -> Tensor:
        """Map all signals (batch, channels, times) by the draw of one trial."""
        choice, draws = _choice_and_draws(noise)
        shares = functional.categorical(choice, self.weights)
        mixed = self.training and self.mixture
        if mixed or shares.requires_grad or not x.is_cpu or in_graph():
            return super().augment_alike(x, noise)
        (chosen,) = shares.argmax(1).tolist()
        return Compose([self.transforms[chosen]]).augment_alike(x, (draws[chosen],))

    def _each_by_its_own(self, x: Tensor, chosen: Tensor, draws: tuple[Noise, ...]) -> Tensor:
        """Transform each trial by the candidate of the given index, shape (batch,)."""
        order = chosen.argsort()
        trials = order.split(chosen.bincount(minlength=len(draws)).tolist())
        parts = [
            transform.augment(x[rows], map_noise(operator.itemgetter(rows), draw))
            for transform, draw, rows in zip(self.transforms, draws, trials, strict=True)
            if len(rows)
        ]
        return torch.cat(parts)[order.argsort()]

    def relabel(self, y: Tensor, noise: Noise) -> Tensor:
        """Move dense labels (batch, ..., times) along with the signals.

        A mixture mixes class probabilities (batch, classes, times) by the same weights.

        Raises
        ------
        ValueError
            If a mixture moves time, and the labels are not probabilities.
        """
        choice, draws = _choice_and_draws(noise)
        moved = [t.relabel(y, draw) for t, draw in zip(self.transforms, draws, strict=True)]
        if all(each is y for each in moved):
            return y
        mixed = self.training and self.mixture
        if mixed and not (y.is_floating_point() and y.ndim > 2):
            raise ValueError(
                "Labels of a mixture that moves time should be probabilities of shape (batch,"
                f" classes, times), or the layer should have `mixture=False`. Found {y.dtype}"
                f" labels of shape {tuple(y.shape)}."
            )
        if mixed:
            pairs = zip(self.weights, moved, strict=True)
            return sum(weight * each for weight, each in pairs)
        chosen = functional.categorical(choice, self.weights).argmax(1)
        return torch.stack(moved)[chosen, torch.arange(len(y), device=y.device)]

    def inverse(self, y: Tensor, noise: Noise) -> Tensor:
        """Move dense outputs (batch, ..., times) back, each trial's by the transform chosen for it.

        A mixture contains the same event at several times, so that no single movement inverts it:
        mixtures raise an error.

        Raises
        ------
        ValueError
            If a mixture moves time.
        """
        choice, draws = _choice_and_draws(noise)
        moved = [t.inverse(y, draw) for t, draw in zip(self.transforms, draws, strict=True)]
        if all(each is y for each in moved):
            return y
        if self.training and self.mixture and len(moved) > 1:
            raise ValueError(
                "Dense outputs should come from a layer that applies one transform per trial, with"
                " `mixture=False`. Found a mixture that moves time."
            )
        shares = functional.categorical(choice, self.weights).unbind(-1)
        pairs = zip(shares, moved, strict=True)
        return y + sum(times(share, each - y) for share, each in pairs if each is not y)

    def layers(self) -> Iterator[Augmentation]:
        """Yield the layer itself."""
        yield self

    def candidates(self) -> Iterator[tuple[Transform, Tensor | float]]:
        """Yield each transform with its weight."""
        yield from zip(self.transforms, self.weights.unbind(), strict=True)

    def extra_repr(self) -> str:
        """Show the temperature."""
        return f"temperature={self.temperature:g}"


class OneOf(AugmentationLayer):
    """Apply one of several transforms to each trial, all equally often.

    Each trial is changed in one way only, so that wide strengths leave most of its features as they
    are; a :class:`~eegaug.Compose` changes each in all ways at once.

    Parameters
    ----------
    transforms : iterable of Transform
        Candidates.

    Raises
    ------
    TypeError, ValueError
        As :class:`AugmentationLayer`, for its candidates.

    References
    ----------
    Müller & Hutter, *TrivialAugment: tuning-free yet state-of-the-art data augmentation*, ICCV
    2021, arXiv 2103.10158, which draws the strengths too.

    Examples
    --------
    >>> from eegaug import FrequencyShift, SignFlip
    >>> _ = torch.manual_seed(0)
    >>> one_of = OneOf([FrequencyShift(sfreq=100, max_delta_freq=0.5), SignFlip(p=1.0)])
    >>> x = torch.randn(8, 2, 300)
    >>> (one_of(x) == -x).all((1, 2)).sum()
    tensor(4)
    """

    def __init__(self, transforms: Iterable[Transform]) -> None:
        super().__init__(transforms, mixture=False)
        equal = self.logits.data
        del self.logits  # not a parameter: nothing learns how often each is used
        self.register_buffer("logits", equal)

    def extra_repr(self) -> str:
        """Show nothing: there is no temperature to choose."""
        return ""


class Compose(Augmentation):
    """Apply augmentations in sequence, each with its own learned strengths.

    Parameters
    ----------
    augmentations : iterable of Augmentation
        Transforms, layers or further sequences.

    Raises
    ------
    TypeError
        If an item is not a :class:`~eegaug.Augmentation`.
    ValueError
        If there are no augmentations.

    References
    ----------
    Benton et al., *Learning invariances in neural networks*, NeurIPS 2020, arXiv 2010.11882.

    Examples
    --------
    >>> from eegaug import SignFlip, TimeShift
    >>> _ = torch.manual_seed(0)
    >>> chain = Compose([TimeShift(sfreq=100), SignFlip()])
    >>> chain(torch.randn(8, 2, 300)).shape
    torch.Size([8, 2, 300])
    """

    augmentations: Sequence[Augmentation]

    def __init__(self, augmentations: Iterable[Augmentation]) -> None:
        super().__init__()
        self.augmentations = _module_list(augmentations, Augmentation)

    def draw(self, x: Tensor, generator: torch.Generator | None = None) -> Noise:
        """Return the draws of every augmentation."""
        noise = []
        for augmentation in self.augmentations:
            noise.append(augmentation.draw(x, generator))
            x = augmentation.resized(x)
        return tuple(noise)

    def all_choices(self, noise: Noise) -> Iterator[tuple[Choices, Strength]]:
        """Yield the choices of every augmentation in turn."""
        for augmentation, draw in self._links(noise):
            yield from augmentation.all_choices(draw)

    def augment(self, x: Tensor, noise: Noise) -> Tensor:
        """Map signals (batch, channels, times) deterministically, neighbours fused."""
        return self._fused(x, noise, alike=False)

    def augment_alike(self, x: Tensor, noise: Noise) -> Tensor:
        """Map all signals (batch, channels, times) by the draw of one trial."""
        return self._fused(x, noise, alike=True)

    def _fused(self, x: Tensor, noise: Noise, alike: bool) -> Tensor:
        """Map signals, neighbours fused; operators that follow from sizes are as many as draws."""
        waiting = Product()
        for augmentation, draw in self._links(noise):
            if not fuses(augmentation):
                one_by_one = augmentation.augment_alike if alike else augmentation.augment
                x = one_by_one(waiting.apply(x), draw)
                waiting = Product()
                continue
            step = augmentation.operators(sizes_of(x[:1] if alike else x), draw)
            longer = waiting.then(step)
            if longer is None:
                x = waiting.apply(x)
                longer = Product().then(step)
            assert longer is not None  # a step in one form can begin any product
            waiting = longer
        return waiting.apply(x)

    def relabel(self, y: Tensor, noise: Noise) -> Tensor:
        """Move dense labels (batch, ..., times) along with the signals."""
        for augmentation, draw in self._links(noise):
            y = augmentation.relabel(y, draw)
        return y

    def inverse(self, y: Tensor, noise: Noise) -> Tensor:
        """Move dense outputs (batch, ..., times) back, from the last augmentation to the first."""
        for augmentation, draw in reversed(self._links(noise)):
            y = augmentation.inverse(y, draw)
        return y

    def resized(self, x: Tensor) -> Tensor:
        """Return signals of the shape of the chain's output."""
        for augmentation in self.augmentations:
            x = augmentation.resized(x)
        return x

    def layers(self) -> Iterator[Augmentation]:
        """Yield the layers of every augmentation in turn."""
        for augmentation in self.augmentations:
            yield from augmentation.layers()

    def _links(self, noise: Noise) -> list[tuple[Augmentation, Noise]]:
        """Return each augmentation with its draws."""
        return list(zip(self.augmentations, noise, strict=True))  # type: ignore[arg-type]


def _choice_and_draws(noise: Noise) -> tuple[Tensor, tuple[Noise, ...]]:
    """Return the draws of a layer's choice, and those of its transforms."""
    choice, draws = noise  # type: ignore[misc]
    return choice, draws  # type: ignore[return-value]


def _module_list(modules: Iterable[nn.Module], kind: type[nn.Module]) -> Any:
    if not isinstance(modules, Iterable):
        raise TypeError(
            f"A list of {kind.__name__}s should be given. Found {type(modules).__name__}."
        )
    modules = list(modules)
    if not modules:
        raise ValueError(f"At least one {kind.__name__} is needed. Found none.")
    for module in modules:
        if not isinstance(module, kind):
            name = found(module)
            if type(module).__module__.startswith("braindecode."):
                name = f"braindecode's {name}, which `from_braindecode` converts"
            elif isinstance(module, BatchTransform):
                name += ", which mixes trials and labels and belongs before the model"
            raise TypeError(f"Each item should be of class {kind.__name__}. Found {name}.")
    return nn.ModuleList(modules)
