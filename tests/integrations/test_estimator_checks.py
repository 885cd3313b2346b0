"""scikit-learn's checks of estimators, with what does not apply to nets and why."""

import pytest
import torch
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

from eegaug import InvariantModel, SignFlip
from eegaug.integrations.braindecode import EEGClassifier

ANY_SIGNALS = "signals are whatever the module takes: braindecode converts and checks no array"
ANY_LABELS = "skorch leaves targets to the loss, and the number of outputs to the module"
NEEDS_MODULE = "skorch's nets need a module"

#: Checks that fail, and why: nets of skorch and of braindecode fail them too.
EXCEPTIONS = {
    "check_no_attributes_set_in_init": "skorch sets its history and flags in the constructor",
    "check_do_not_raise_errors_in_init_or_set_params": NEEDS_MODULE,
    "check_parameters_default_constructible": NEEDS_MODULE,
    "check_set_params": "skorch sets up callbacks anew when these are set, whatever they are",
    "check_n_features_in": "signals have channels and times, not a number of features",
    "check_n_features_in_after_fitting": "signals have channels and times, not features",
    "check_estimators_partial_fit_n_features": "the module decides which lengths it takes",
    "check_complex_data": ANY_SIGNALS,
    "check_dtype_object": ANY_SIGNALS,
    "check_estimators_empty_data_messages": ANY_SIGNALS,
    "check_estimators_nan_inf": "a loss that is not finite stops training, by a warning",
    "check_estimator_sparse_tag": ANY_SIGNALS,
    "check_estimator_sparse_array": ANY_SIGNALS,
    "check_estimator_sparse_matrix": ANY_SIGNALS,
    "check_classifier_data_not_an_array": ANY_SIGNALS,
    "check_classifiers_train": "it fits and predicts lists, which are several inputs in skorch",
    "check_fit1d": ANY_SIGNALS,
    "check_fit2d_predict1d": "the message names the batch dimension, not a reshape",
    "check_classifiers_one_label": ANY_LABELS,
    "check_classifiers_one_label_sample_weights": ANY_LABELS,
    "check_classifiers_regression_target": ANY_LABELS,
    "check_supervised_y_no_nan": ANY_LABELS,
    "check_supervised_y_2d": ANY_LABELS,
    "check_requires_y_none": "a data set may hold the targets, so that none need be given",
    "check_fit_idempotent": "batches and choices come from torch's generator, which goes on",
}


class Rows(InvariantModel):
    """A network of rows of numbers, (trials, features), as scikit-learn's checks have them."""

    def __init__(self):
        network = nn.Sequential(nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(4, 3))
        super().__init__(network, SignFlip(0.1))

    def forward(self, x, draw=None):
        return super().forward(x.float()[:, None], draw)

    def sample(self, x, generator=None):
        return super().sample(x.float().reshape(len(x), 1, -1), generator)


@pytest.mark.filterwarnings("ignore")  # of what the checks try
@parametrize_with_checks(
    [
        EEGClassifier(
            Rows,
            optimizer=torch.optim.Adam,
            lr=0.05,
            max_epochs=30,
            train_split=None,
            verbose=0,
        )
    ],
    expected_failed_checks=lambda estimator: EXCEPTIONS,
)
def test_the_classifier_is_an_estimator(estimator, check):
    torch.manual_seed(0)
    check(estimator)
