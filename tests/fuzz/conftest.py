"""How many examples are tried: few and always the same, or many and new ones by ``--fuzz``."""

from hypothesis import HealthCheck, settings

#: Examples of each property.
EXAMPLES = 100


def pytest_configure(config):
    factor = config.getoption("fuzz")
    settings.register_profile(
        "eegaug",
        max_examples=EXAMPLES * factor,
        deadline=None,  # which example is slow is checked by the properties themselves
        derandomize=factor == 1,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("eegaug")
