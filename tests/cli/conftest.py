"""What the tests of the command line share."""

import pytest

from stream.archive.detect import sample


@pytest.fixture
def sample_page():
    """The page that ships with the package."""
    return sample()
