"""Views in visual words: the same at once and in windows, kept as bytes, and telling of texture."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from apps.histopathology.stained import region
from corporis.apps.histopathology import words
from corporis.apps.histopathology.search import Encoder
from corporis.apps.histopathology.topics import FAMILY, ViewTopics
from corporis.errors import BadInput

SHAPE = (260, 340)


@pytest.fixture(scope="module")
def topics():
    images = [region(bool(n % 2), n, SHAPE)[0] for n in range(4)]
    return ViewTopics.learn(images, 200, 4)


def test_words_are_no_more_than_there_are_blobs_for(topics):
    assert 2 <= len(topics.words) <= 200 and topics.axes.shape[1] == 4
    np.testing.assert_allclose(topics.axes.T @ topics.axes, np.eye(4), atol=1e-4)


def test_a_view_says_the_same_wherever_it_lies_in_an_image(topics):
    image, _ = region(True, 9, SHAPE)
    corners = np.array([[0, 0], [8, 30]])
    both = topics(image, corners)
    assert both.shape == (2, 4) and np.abs(both).max() <= 1
    np.testing.assert_array_equal(topics(image, corners[1:]), both[1:])


def test_what_is_kept_says_the_same(topics):
    image, _ = region(False, 5, SHAPE)
    again = ViewTopics.from_bytes(topics.to_bytes())
    corners = np.array([[0, 0]])
    np.testing.assert_allclose(again(image, corners), topics(image, corners), atol=0.1)
    assert again.to_bytes() == ViewTopics.from_bytes(again.to_bytes()).to_bytes()


def test_topics_stand_beside_what_is_measured(topics):
    image, _ = region(True, 3, SHAPE)
    table = Encoder(topics=topics)(image, 0.62)
    plain = Encoder()(image, 0.62)
    assert table.names == plain.names + topics.names()
    assert table.names[-1] == f"{FAMILY}.t3"
    np.testing.assert_array_equal(table.values[:, : len(plain.names)], plain.values)


def test_blank_images_have_no_words(topics):
    blank = np.full((*SHAPE, 3), 255, np.uint8)
    assert not topics(blank, np.array([[0, 0]])).any()
    with pytest.raises(BadInput, match="--words 0"):
        ViewTopics.learn([blank], 100)


def test_keypoints_are_the_same_in_windows(monkeypatch):
    image, _ = region(True, 2, (200, 240))
    whole = words.sift_keypoints(image)[1]
    monkeypatch.setattr(words, "WINDOW", 128)
    parts = words.sift_keypoints(image)[1]
    for one, other in ((whole, parts), (parts, whole)):
        assert np.mean(cKDTree(other).query(one)[0] < 0.5) > 0.9
