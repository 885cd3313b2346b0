"""
Write your own transform
========================

From a formula to a layer whose strength is learned, in twenty lines, with the checks that every
transform of eegaug passes. The example: **electrode drift**. As gel dries, the impedance of an
electrode rises, and its signal fades over the window, each channel by its own amount.
"""

# %%
# The formula
# -----------
#
# For channel :math:`c`, with a draw :math:`u_c \sim U(0, 1)` and a strength :math:`s`, the signal
# at time :math:`t` of a window of length :math:`T` becomes
#
# .. math:: x_c'(t) = \Big(1 - s\,u_c\,\frac tT\Big)\,x_c(t).
#
# Two properties make a transform learnable. **The noise does not depend on the strength**:
# :math:`u` is drawn apart, so that for the same noise the result is a smooth function of :math:`s`.
# And **zero strength is the identity**.
#
# It is a *gain*: a factor of the signal over channels and times. So the base class is
# :class:`~eegaug.GainTransform`, which has two methods to write: what is drawn, and the gain.

import torch

from eegaug import GainTransform, as_strength


class ElectrodeDrift(GainTransform):
    """Let each channel fade over the window, by up to max_fade at its end.

    Parameters
    ----------
    max_fade : float or Strength
        Largest loss of amplitude (fraction).
    p : float or Strength
        Probability that a trial is transformed.
    """

    def __init__(self, max_fade=0.3, *, p=1.0):
        super().__init__(p=p)
        self.max_fade = as_strength("max_fade", max_fade, high=1.0, unit="fraction")

    def noise(self, x, generator=None):
        """Draw a number for each channel of each trial."""
        return torch.rand(x.shape[:2], generator=generator, device=x.device, dtype=x.dtype)

    def gain(self, x, noise):
        """Return the gain, shape (batch, channels, times)."""
        passed = torch.linspace(0, 1, x.shape[-1], device=x.device, dtype=x.dtype)
        return 1 - self.max_fade() * noise[:, :, None] * passed


# %%
# The other forms are in the table of :doc:`/guide/transforms`: a filter, a modulation, a mixture of
# channels, added noise; and :class:`~eegaug.AdditiveTransform` for anything else. A transform of
# several forms writes ``step`` and returns :class:`~eegaug.Operators`, such as
# ``Operators(gain=..., term=...)``. One that makes choices, as a channel dropout does, draws them
# by ``eegaug.transforms.draw_choices`` and yields them from ``own_choices``: see
# :doc:`/guide/draws`.
#
# Try it
# ------

from eegaug.plots import plot_augmentation
from eegaug.recordings import make_sleep_windows, simulate_nights

windows = make_sleep_windows(simulate_nights(n_subjects=2, hours=0.5))
plot_augmentation(
    ElectrodeDrift(0.9), windows.X[20], 100.0, ch_names=windows.info["ch_names"], seconds=30
)

# %%
# Check it
# --------
#
# :func:`~eegaug.check_transform` raises an error of one line that names the rule which a transform
# breaks: a result of another shape, randomness outside of ``noise``, a gradient that does not
# arrive. An :class:`~eegaug.InvariantModel` runs it when it is built, where its network has
# ``n_chans`` and ``n_times``, as those of braindecode have. It returns nothing where all is well:

from eegaug import check_transform

x = torch.as_tensor(windows.X[:4])
check_transform(ElectrodeDrift(), x)


class Forgetful(ElectrodeDrift):
    """A mistake that is easily made: drawing where the gain is made."""

    def gain(self, x, noise):
        return 1 - self.max_fade() * torch.rand(len(x), 1, 1)


try:
    check_transform(Forgetful(), x)
except ValueError as error:
    print(error)

# %%
# What you know about your transform goes into a test of your own: physics with known answers. A
# :class:`~eegaug.Draw` of your own making fixes what is random.

from eegaug import Draw


def test_a_faded_channel_ends_at_its_level():
    """At its end a channel has what the draw leaves of it, and all of it at its start."""
    x = torch.ones(5, 3, 100)
    noise = torch.rand(5, 3)
    draw = Draw((None, noise), x.shape)  # None: without a gate, every trial is transformed
    out = ElectrodeDrift(0.5)(x, draw=draw)
    assert torch.allclose(out[..., -1], 1 - 0.5 * noise)
    assert torch.equal(out[..., 0], x[..., 0])


test_a_faded_channel_ends_at_its_level()

# %%
# Learn it
# --------
#
# It goes into layers and chains like any other. Here it *matters* how far it goes: in one class the
# signal itself fades, to a tenth. A little drift does no harm; a drift as large as that would make
# one class look like the other.

from torch import nn

from eegaug import Compose, InvarianceObjective, InvariantModel, SignFlip, init_strengths, summary

torch.manual_seed(0)
n = 1024
y = torch.arange(n) % 2
x = torch.randn(n, 1, 512)
x = x * (1 - 0.9 * y[:, None, None] * torch.linspace(0, 1, 512))


class Amplitude(nn.Module):
    """A small network on the amplitude in eighths of the window."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, x):
        power = x.unflatten(-1, (8, -1)).square().mean(-1)
        return self.layers(power.add(1e-3).log().flatten(1))


model = InvariantModel(Amplitude(), init_strengths(Compose([ElectrodeDrift(), SignFlip()])))
objective = InvarianceObjective(model, nn.CrossEntropyLoss())
optimizer = torch.optim.Adam(
    [
        {"params": model.model.parameters(), "lr": 3e-3},
        {"params": model.augmentation.parameters(), "lr": 1e-2},
    ]
)
for _ in range(30):
    for index in torch.randperm(n).split(32):
        optimizer.zero_grad()
        objective(x[index], y[index]).backward()
        optimizer.step()
print(summary(model))

# %%
# The drift widens, and stops short of the 0.9 by which the one class fades: there the two classes
# would begin to look alike. Polarity, which the network does not see, is flipped in every other
# trial.
#
# To contribute it, see *A new transform* in :doc:`/contributing`: it goes into the table
# of transforms on which all contract tests run.
